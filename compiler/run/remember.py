"""Remember a plan with nothing to build, so that the next call need not work it out again."""

import codecs
import os
from collections.abc import Iterable
from pathlib import Path

from compiler.graph.identity import Identities
from compiler.graph.node import Node
from compiler.graph.settled import Settled
from compiler.graph.stops import stopping
from compiler.laws.power.questions import outlook
from compiler.laws.subject import utc_day
from compiler.plan.overview import Overview, overview
from compiler.plan.plan import Plan, State
from compiler.plan.preflight import short
from compiler.plan.summary import development_line, footer, savings
from compiler.plan.tree import Line, lines, nothing_to_do
from compiler.project.backends import chosen
from compiler.project.deferred import Deferred
from compiler.project.layers import brings
from compiler.project.project import Project
from compiler.reading.code_key import unchanged
from compiler.reading.spec_cache import enabled
from compiler.reading.spec_files import file_of
from compiler.report.milestones import lines as milestone_lines
from compiler.report.milestones import milestones
from compiler.run.idle import Asked, Idle, digest_of, page, remember, same_file, signature, states
from compiler.store.listing import sums
from runtime.assets.digest import digest_assets
from runtime.assets.files import used_files as files_of_asset
from runtime.backend import description
from runtime.bound.source import UNCAPTURED
from runtime.capture.digest import digest_source, used_files
from runtime.problem import InputError


def settle(project: Project, plan: Plan, asked: Asked, found: Overview | None = None, presented: bool = False) -> None:
    """Keep what is known of a plan, unless something is to be built.

    Args:
        project: the specs as loaded.
        plan: of one of its studies.
        asked: the `key` from before the specs were read.
        found: its overview, when that was made already.
        presented: whether the study's page was just put in place.
    """
    study = plan.graph.study
    if brings(project, project.studies[study]):  # their files are looked at each time
        return
    if plan.count(State.BUILD) or Identities(project, study).foreign:  # the code of others is in no key
        return
    if not as_asked(project, asked) or not unchanged():
        return
    try:
        captures = captures_of(project, study)
        outside = signature(captures)  # first: what changes after the digests are taken again, changes it
        if not as_planned(project, plan):
            return
    except (OSError, InputError):
        return
    idle = Idle(
        key=asked.key,
        outside=outside,
        store=os.path.relpath(project.store, project.root),
        listing=sums(plan.published),
        captures=captures,
        counts={str(state): plan.count(state) for state in State},
        lines=list(said_of(project, found or overview(project, plan))),
        report=page(project.root, study) if presented else None,
        judged=states(project.store, sorted({str(rule.stage) for _, rule in stopping(project, study)})),
    )
    remember(project.root, study, idle)


def as_asked(project: Project, asked: Asked) -> bool:
    """Whether what was read is what `asked` saw. Else an edit in between, once it is undone, would bring back what came of it."""
    read = project.sources.read() if isinstance(project.sources, Deferred) else project.sources.values()
    for source in read:
        text = source.text.encode(errors="replace")
        if source.readable and asked.files.get(source.name) not in (digest_of(text), digest_of(codecs.BOM_UTF8 + text)):
            return False
    known = {file_of(*key) for key in project.sources} | {source.name for source in read}
    known |= {problem.span.file for problem in project.diagnostics}
    return all(name in known if name.startswith("specs/") else same_file(project.root, name, asked) for name in asked.files)


def said_of(project: Project, found: Overview, every: bool = False) -> list[Line]:
    """What `simkiln plan` says; with `every`, of each location by itself."""
    study = found.plan.graph.study
    last = footer(found.counts, found.estimate, project.studies[study].budget, found.orphan_bytes)
    idle = not every and found.counts["reuse"] + found.counts["not needed"] == sum(found.counts.values())
    tree = [nothing_to_do(found.plan.graph.places(), study)] if idle else lines(found.places(), study, every)
    said = [*tree, *map(Line, [*last, *development_line(found.plan), *savings(found.plan), *outlook(project, study)])]
    if lacking := short(project, project.studies[study]):
        said.append(Line(f"this machine is less than the study is meant for: {', '.join(lacking)}"))
    said += map(Line, milestone_lines(milestones(project, found.plan.graph, utc_day())))
    settings = {id(node.setting): node.setting.identity for node in found.plan.graph.nodes.values()}.values()
    said += map(Line, Identities(project, study).said(settings))
    if found.plan.graph.stopped is not None:
        said += map(Line, found.plan.graph.stopped.lines())
    if found.changes.refused:
        said.append(Line(f"orphans are not told: study `{found.changes.refused[0]}` has errors (`simkiln check`)"))
    return said


def as_planned(project: Project, plan: Plan) -> bool:
    """Whether the captures of a plan still have the digests that it was made with.

    Raises:
        OSError: one cannot be read.
    """
    taken = plan.graph.settled
    if taken and any(signature(taken.folders[x]) != taken.outside[x] for x in taken.rows if taken.folders[x]):
        return False
    found: dict[str, list[Node]] = {}
    for node in plan.graph.nodes.values():
        for scope in node.scopes() if node.content else ():
            found.setdefault(scope["location"], []).append(node)
    return all(is_as_planned(project, location, nodes) for location, nodes in found.items())


def is_as_planned(project: Project, location: str, nodes: Iterable[Node]) -> bool:
    """Whether the capture of a location still has the digest that its nodes were planned with; raises as `as_planned`."""
    planned = {node.content for node in nodes} - {None}
    spec, roots = project.locations[location], project.asset_roots(location)
    folder, cache = project.source_folder(spec.source), project.cache if enabled() else None
    source = spec.source
    captured = digest_source(source, folder, cache) if folder and not isinstance(source, UNCAPTURED) else None
    if captured is not None and captured not in planned:
        return False
    left = planned - {captured}
    try:
        return not left or (spec.assets.keys() == roots.keys() and left == {digest_assets(spec.assets, roots, cache)})
    except ValueError:
        return False


def captures_of(project: Project, study: str) -> list[str]:
    """Folders and files outside the project that the study's captures read, and descriptions of its back ends."""
    found = {str(description(role, name)) for role, name in chosen(project, project.studies[study]).items()}
    settled: Settled | None = project.settled.get(study)
    for name in project.studies[study].locations:
        found.update(settled.folders[name] if settled is not None and name in settled else folders_of(project, name))
    return sorted(found)


def folders_of(project: Project, location: str) -> list[str]:
    """Those of one location's capture, and the files of its assets."""
    spec, roots = project.locations[location], project.asset_roots(location)
    brought: set[str] = set()
    for name, root in roots.items():
        try:
            brought.update(map(str, files_of_asset(spec.assets[name], root).values()))
        except ValueError as error:
            raise OSError(str(error)) from error
    folder: Path | None = project.source_folder(spec.source)
    if folder is None or isinstance(spec.source, UNCAPTURED):
        return sorted(brought)
    others = {str(p.parent) for p in used_files(spec.source, folder).values() if not p.is_relative_to(folder)}
    return sorted({str(folder), *others, *brought})
