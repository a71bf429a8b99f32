"""The line of a spec that set a value of a node."""

from compiler.diagnostics.diagnostic import Span
from compiler.graph.bindings import Asked, Path, place_of
from compiler.graph.node import Node
from compiler.project.project import Project


def blame(project: Project, study: str, node: Node, path: Path) -> Span | None:
    """Where the value at a path of the node's parameters is set; None for a default of the stage.

    Args:
        path: the parameter's name, and further keys and indices inside of it.
    """
    name, inside = str(path[0]), path[1:]
    source = node.stage.bound.get(name)
    if source is None:
        return node.origins.get(name)
    kind, spec, below = place_of(source, Asked(project, study, node, inside))
    return project.spans(kind, spec).nearest(below) if (kind, spec) in project.sources else None


def blame_wiring(project: Project, study: str, node: Node, port: str) -> Span | None:
    """Where an approach chose the stage that a port reads; None for the usual one."""
    for link in Asked(project, study, node, ()).chain():
        span = project.spans("approach", link).get(("inputs", node.stage.name, port))
        if span is not None:
            return span
    return None
