"""Remember a plan with nothing to build, so that the next call need not work it out again."""

import os
from pathlib import Path

from compiler.laws.power.questions import outlook
from compiler.plan.overview import Overview, overview
from compiler.plan.plan import Plan, State
from compiler.plan.summary import footer, savings
from compiler.plan.tree import Line, lines, nothing_to_do
from compiler.project.project import Project
from compiler.reading.spec_cache import enabled
from compiler.run.idle import Idle, page, remember, signature
from compiler.store.listing import sums
from runtime.backend import description
from runtime.capture.digest import digest_source, used_files
from runtime.problem import InputError


def settle(project: Project, plan: Plan, asked: str, found: Overview | None = None, presented: bool = False) -> None:
    """Keep what is known of a plan, unless something is to be built.

    Args:
        project: the specs as loaded.
        plan: of one of its studies.
        asked: the `key` from before the specs were read.
        found: its overview, when that was made already.
        presented: whether the study's page was just put in place.
    """
    if plan.count(State.BUILD):
        return
    study = plan.graph.study
    try:
        captures = captures_of(project, study)
        outside = signature(captures)  # first: what changes after the digests are taken again, changes it
        if not as_planned(project, plan):
            return
    except (OSError, InputError):
        return
    idle = Idle(
        key=asked,
        outside=outside,
        store=os.path.relpath(project.store, project.root),
        listing=sums(plan.published),
        captures=captures,
        counts={str(state): plan.count(state) for state in State},
        lines=list(said_of(project, found or overview(project, plan))),
        report=page(project.root, study) if presented else None,
    )
    remember(project.root, study, idle)


def said_of(project: Project, found: Overview, every: bool = False) -> list[Line]:
    """What `simkiln plan` says; with `every`, of each location by itself."""
    study = found.plan.graph.study
    last = footer(found.counts, found.estimate, project.studies[study].budget, found.orphan_bytes)
    places = dict.fromkeys(node.scope.location for node in found.plan.graph.nodes.values())
    idle = not every and found.counts["reuse"] + found.counts["not needed"] == sum(found.counts.values())
    tree = [nothing_to_do(list(places), study)] if idle else lines(found.places(), study, every)
    said = [*tree, *map(Line, [*last, *savings(found.plan), *outlook(project, study)])]
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
    outside = [node for node in plan.graph.nodes.values() if node.content]
    planned = {(scope.get("location"), node.content) for node in outside for scope in node.scopes()}
    for name in dict.fromkeys(name for name, _ in planned):
        source = project.locations[str(name)].source
        folder = project.source_folder(source)
        if folder is None or (name, digest_source(source, folder, project.cache if enabled() else None)) not in planned:
            return False
    return True


def captures_of(project: Project, study: str) -> list[str]:
    """Folders and files outside the project that the study's captures read, and descriptions of its back ends."""
    found = {str(description(role, name)) for role, name in project.studies[study].backends.items()}
    for name in project.studies[study].locations:
        source = project.locations[name].source
        folder: Path | None = project.source_folder(source)
        if folder is not None:
            found.add(str(folder))
            found |= {str(p.parent) for p in used_files(source, folder).values() if not p.is_relative_to(folder)}
    return sorted(found)
