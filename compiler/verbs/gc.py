"""Say which artifacts nothing asks for any more; with --yes, delete them."""

import argparse
import json
import os
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from compiler.verbs import common

if TYPE_CHECKING:
    from compiler.graph.node import Address
    from compiler.plan.garbage import Garbage
    from compiler.project.project import Project
    from compiler.store.fact import Fact

FROM_STUDIES = "reachable from the studies"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `simkiln gc`."""
    common.root_argument(parser)
    parser.add_argument("--yes", action="store_true", help="delete; without it, only say what would go")
    revision = "also keep what the studies of this git revision reach, with the stages of today"
    folder = "also keep what the studies of that folder reach, where projects share a store"
    days = "keep what was built in the last N days (default: 14)"
    parser.add_argument("--keep-rev", action="append", default=[], metavar="REV", help=revision)
    parser.add_argument("--keep-project", action="append", default=[], metavar="DIR", help=folder)
    parser.add_argument("--keep-days", type=float, default=14.0, metavar="N", help=days)
    parser.add_argument("--list", action="store_true", help="name every artifact that goes")
    parser.add_argument("--json", action="store_true")


def run(args: argparse.Namespace) -> int:
    """0 when done; 1 when specs have errors, or something is being built."""
    from compiler.plan.study import SpecsRefused
    from compiler.store.lease import Leases, now_of
    from compiler.store.remove import busy, leftovers, old_runs
    from runtime.store.marker import refuse
    from runtime.store.store import Store

    project = common.project(args)
    store = Store(project.store)
    refuse(store.root)
    now = min(time.time(), now_of(store.root))  # a host whose clock is ahead deletes nothing too early on a file server
    before = now - max(0.0, args.keep_days) * 86400
    try:
        held = Leases(store.root).held()
        found = _sorted_out(args, project, now, held)
    except SpecsRefused as refused:
        common.show(refused.project, refused.errors)
        sys.stderr.write("nothing is deleted: what a study with errors asks for cannot be told\n")
        return 1
    stay = {fact.address for group in found.kept.values() for fact in group}.union(*held.values())
    rest = {
        "leftovers of ended jobs, and damaged artifacts": leftovers(store, before),
        "old runs and jobs below build/": old_runs(project.root / "build", before, stay, going=bool(held)),
    }
    _tell(args, found, rest)
    if building := busy(store):
        outcome = "nothing is deleted" if args.yes else "now, --yes would delete nothing"
        sys.stderr.write(f"something is being built ({', '.join(building[:3])}): {outcome}\n")
        return 1 if args.yes else 0
    if args.yes:
        return _delete(project, found.gone, [path for paths in rest.values() for path in paths])
    return 0


def _sorted_out(args: argparse.Namespace, project: "Project", now: float, held: "dict[str, set[Address]]") -> "Garbage":
    from compiler.graph.node import Address
    from compiler.plan.garbage import lineage, reachable, sort_out, with_origins
    from compiler.project.load import load_project
    from compiler.project.revision import at_revision
    from compiler.store.index import StoreIndex
    from compiler.store.verify import ours
    from runtime.store.store import Store

    wanted = {FROM_STUDIES: reachable(project)}
    with ExitStack() as stack:
        for revision in args.keep_rev:
            wanted[f"reachable from {revision}"] = reachable(stack.enter_context(at_revision(project, revision)))
    for folder in args.keep_project:
        if not (Path(folder) / "specs").is_dir():
            raise ValueError(f"`{folder}` is no project: it has no folder `specs/`")
        wanted[f"reachable from {folder}"] = reachable(load_project(Path(folder), project.capture_roots))
    index = StoreIndex.of(project)
    store = Store(project.store)
    facts = [fact for fact in index.facts() if ours(store, fact.address)]
    planned = set[Address]().union(*wanted.values())
    parents = lineage(index, (fact for fact in facts if fact.address not in planned))
    wanted |= {why: with_origins(needs, parents) for why, needs in held.items()}
    return sort_out(facts, wanted, parents, now, args.keep_days)


def _tell(args: argparse.Namespace, found: "Garbage", rest: dict[str, list[Path]]) -> None:
    from compiler.plan.summary import size
    from compiler.render.columns import visible
    from compiler.store.remove import weight

    weights = {what: sum(map(weight, paths)) for what, paths in rest.items()}
    freed = sum(fact.bytes for fact in found.gone) + sum(weights.values())
    if args.json:
        kept = {why: {"artifacts": len(group), "bytes": _bytes(group)} for why, group in found.kept.items()}
        gone = [{name: getattr(f, name) for name in ("stage", "fingerprint", "label", "bytes")} for f in found.gone]
        others = [os.path.relpath(path) for paths in rest.values() for path in paths]
        told = {"kept": kept, "gone": gone, "leftovers": others, "bytes": freed, "deleted": args.yes}
        print(json.dumps(told, indent=1))
        return
    for why, group in found.kept.items():
        print(f"  = {len(group):>6}  {size(_bytes(group)):>9}  {why}")
    stages: dict[str, list[Fact]] = {}
    for fact in found.gone:
        stages.setdefault(fact.stage, []).append(fact)
    for stage, group in sorted(stages.items()):
        print(f"  - {len(group):>6}  {size(_bytes(group)):>9}  {stage}")
        for fact in group if args.list else ():
            print(visible(f"{'':21}{fact.stage}/{fact.fingerprint}  {fact.label}"))
    for what, paths in rest.items():
        if paths:
            print(f"  - {len(paths):>6}  {size(weights[what]):>9}  {what}")
    if not freed and not found.gone and not any(rest.values()):
        print("nothing to delete")
    elif not args.yes:
        print(f"{len(found.gone)} artifacts and {size(freed)} would go; delete them with `simkiln gc --yes`")


def _delete(project: "Project", gone: "list[Fact]", rest: list[Path]) -> int:
    from compiler.render.terminal import steps
    from compiler.store.index import StoreIndex
    from compiler.store.lease import Leases
    from compiler.store.remove import remove, remove_artifact
    from runtime.store.store import Store

    store, leases, done = Store(project.store), Leases(project.store), 0
    try:
        for fact in steps(gone, len(gone), "deleting artifacts"):
            done += remove_artifact(store, *fact.address, leases)
        for path in steps(rest, len(rest), "deleting leftovers"):
            remove(path)
    except OSError as error:
        what = os.path.relpath(error.filename or project.store)
        sys.stderr.write(f"cannot delete {what}: {error.strerror}; {done} of {len(gone)} artifacts were deleted\n")
        return 1
    StoreIndex.of(project).facts()  # drops what is gone in one go
    sys.stderr.write(f"{done} artifacts deleted\n")
    return 0


def _bytes(facts: "list[Fact]") -> int:
    return sum(fact.bytes for fact in facts)
