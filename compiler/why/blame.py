"""The line of a spec that set a value of a node."""

from collections.abc import Iterator

from compiler.diagnostics.diagnostic import Span
from compiler.graph.node import Node
from compiler.project.layers import approach_chain
from compiler.project.load import Project
from compiler.reading.source import Step

Path = tuple[Step, ...]

LEARNING = {"snapshots": "at", "learning_trials": "trials"}
"""Bound source -> the key of the study's `learning` that sets it."""
SECTIONS = {"arm": "approaches", "peers": "approaches", "baseline": "baseline"}
SECTIONS |= dict.fromkeys("schedule look schedules interim_places parts".split(), "sequential")
"""Bound source -> the key of the study that decides it."""


def blame(project: Project, study: str, node: Node, path: Path) -> Span | None:
    """Where the value at a path of the node's parameters is set; None for a default of the stage.

    Args:
        path: the parameter's name, and further keys and indices inside of it.
    """
    name, inside = str(path[0]), path[1:]
    source = node.stage.bound.get(name)
    if source is None:
        return node.origins.get(name)
    place = _place(project, study, node, source, inside)
    if place is None or (place[0], place[1]) not in project.sources:
        return None
    kind, spec, below = place
    return project.spans(kind, spec).nearest(below)


def blame_wiring(project: Project, study: str, node: Node, port: str) -> Span | None:
    """Where an approach chose the stage that a port reads; None for the usual one."""
    for link in _links(project, node):
        span = project.spans("approach", link).get(("inputs", node.stage.name, port))
        if span is not None:
            return span
    return None


def _place(project: Project, study: str, node: Node, source: str, inside: Path) -> tuple[str, str, Path] | None:
    """Kind, id and path of the spec behind a bound value."""
    scope = node.scope
    if source in ("location.source", "hidden_site"):
        return "location", str(scope.location), ("source", *inside)
    if source in ("task", "gate"):
        return source, str(getattr(scope, source)), inside
    if source == "seed":
        for link in _links(project, node):
            if project.approaches[link].training_seed_offset is not None:
                return "approach", link, ("training_seed_offset",)
        return "study", study, ("seeds",)
    if source in ("trials", "domain"):
        return "study", study, ("trials", str(scope.domain))
    if source == "priors":
        return ("approach", str(inside[0]), ("row", "prior", *inside[1:])) if inside else ("study", study, ("approaches",))
    if source == "claim":
        return "study", study, ("claims", str(scope.claim), *inside)
    if source in ("claims", "waivers"):
        return "study", study, (source, *inside)
    if source in LEARNING:
        return "study", study, ("learning", LEARNING[source], *inside)
    if source in SECTIONS:
        return "study", study, (SECTIONS[source],)
    return "study", study, inside if source == "study" else ()


def _links(project: Project, node: Node) -> Iterator[str]:
    """The approaches that a node belongs to, its own or else those that need it, each with what it extends behind it."""
    for approach in (node.scope.approach,) if node.scope.approach is not None else node.askers:
        yield from reversed(approach_chain(project, approach))
