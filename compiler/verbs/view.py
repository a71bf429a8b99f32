"""Write a page that shows a location in three dimensions: splat, cameras, camera paths, support, robot; it opens offline."""

import argparse
import os
import sys
from typing import TYPE_CHECKING

from compiler.verbs import common

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.graph.node import Node
    from compiler.project.project import Project


def arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `simkiln view`."""
    common.completed(parser.add_argument("location", help="id of the location"), "locations")
    study = parser.add_argument("--study", help="as this study builds it (default: the first in which its splat is built)")
    common.completed(study, "studies")
    parser.add_argument("--most", type=int, metavar="N", help="Gaussians that the page may hold (default: 400000)")
    common.root_argument(parser)


def run(args: argparse.Namespace) -> int:
    """0 when the page is written, 1 when there is nothing to show yet."""
    from compiler.diagnostics.diagnostic import did_you_mean
    from compiler.render.place import render_place
    from runtime.store.store import Store
    from runtime.view.packed import MOST
    from runtime.view.place import SHOWN, Part, place_of

    if args.most is not None and args.most < 1:
        raise ValueError("`--most` wants a number above 0")
    project = common.project(args)
    if args.location not in project.locations:
        raise ValueError(f"no location `{args.location}`; {did_you_mean(args.location, list(project.locations), 'locations', 6)}")
    store = Store(project.store)
    asked, splat, near = None, None, []
    for name, node, others in _candidates(project, args.location, args.study):
        if splat is None and (asked is None or store.has(*node.address)):
            asked, near = name, others
            splat = node if store.has(*node.address) else None
    if splat is None:
        wanted = f"study `{args.study}` does not plan it" if args.study else "list it in a study that wants its `coverage`"
        help_ = f"run `simkiln run {asked}`" if asked else wanted
        sys.stderr.write(f"the splat of `{args.location}` is not built: {help_}\n")
        return 1
    built: dict[str, list[Part]] = {kind: [] for kind in SHOWN}
    for node in near:
        if node.stage.kind in built and store.has(*node.address):
            built[node.stage.kind].append(Part(node.label.partition("/")[2], store.path(*node.address)))
    planned = {node.stage.kind for node in near}
    absent = [
        f"{what}: simkiln run {asked}" if kind in planned else f"{what}: study {asked} does not plan it"
        for kind, what in SHOWN.items()
        if not built[kind]
    ]
    try:
        place, packed = place_of(Part(args.location, store.path(*splat.address)), built, args.most or MOST)
    except (OSError, ValueError, KeyError) as error:
        raise ValueError(f"an artifact of `{args.location}` cannot be read ({error}): run `simkiln verify`") from error
    of = f"{packed.shown:,} of {packed.total:,}" if packed.shown < packed.total else f"{packed.total:,}"
    said = f"{args.location}, study {asked}: {of} Gaussians"
    page = render_place(project.locations[args.location].title, said, place, packed, absent)
    target = project.root / "build" / "view" / f"{args.location}.html"
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_suffix(f".{os.urandom(4).hex()}.tmp")
    common.write(temporary, page)
    temporary.replace(target)
    print(f"{os.path.relpath(target)}  {of} Gaussians, {len(place.views)} views, {len(page) / 2**20:.1f} MB")
    if packed.shown < packed.total:
        print(f"  thinned to those of most opacity and size; `--most {packed.total}` shows all")
    for what in absent:
        print(f"  not shown: {what}")
    return 0


def _candidates(project: "Project", location: str, study: str | None) -> "Iterator[tuple[str, Node, list[Node]]]":
    """Study, splat and what belongs to that (its parents, and what is made of it), of each splat of a location.

    Raises:
        SpecsRefused: when the study that was named has an error.
    """
    from compiler.plan.study import SpecsRefused, plan_study
    from runtime.view.place import SPLAT

    names = [study] if study else sorted(project.ids("study"), key=lambda name: name != "study")
    for name in names:
        try:
            graph = plan_study(project, name).graph
        except SpecsRefused:
            if study:
                raise
            continue
        here = [node for node in graph.nodes.values() if any(s.get("location") == location for s in node.scopes())]
        for splat in here:
            if splat.stage.kind == SPLAT:
                parents = {parent.address for nodes in splat.inputs.values() for parent in nodes}
                made = {n.address for n in here if any(splat in nodes for nodes in n.inputs.values())}
                yield name, splat, [node for node in here if node.address in parents | made]
