"""What differs between two sides: parameters, inputs, back ends, captures, and which artifacts they share.

A side is one approach of a study, or all studies of one revision. Nodes of both sides pair by what they stand for.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from compiler.load import Project
from compiler.node import Graph, Node
from compiler.sheet import settings, wired

Key = tuple[str, ...]
Address = tuple[str, str]


@dataclass(frozen=True)
class Side:
    """Nodes by what they stand for, and for each the project and the study whose lines set it."""

    name: str
    nodes: dict[Key, Node] = field(default_factory=dict)
    owners: dict[Key, tuple[Project, str]] = field(default_factory=dict)

    def add(self, key: Key, node: Node, project: Project, study: str) -> None:
        """Add a node; the first one of a key stays."""
        if key not in self.nodes:
            self.nodes[key], self.owners[key] = node, (project, study)


@dataclass(frozen=True)
class Change:
    """One difference in `count` nodes of a stage. `what` is parameter, input, back end or capture."""

    what: str
    stage: str
    name: str
    old: Any
    new: Any
    old_at: str
    new_at: str
    count: int


@dataclass(frozen=True)
class Tally:
    """Artifacts of one stage: on both sides, only on one, and how many of each are in the store."""

    stage: str
    shared: int
    only_a: int
    only_b: int
    shared_stored: int
    only_a_stored: int
    only_b_stored: int


def approach_side(project: Project, graph: Graph, approach: str) -> Side:
    """All that an approach's trials are made from; its own artifacts come before those that it shares."""
    side = Side(approach)
    made = [n for n in graph.nodes.values() if "approach" in n.stage.per]
    own = [(n, s) for n in made for s in n.scopes() if s.get("approach") == approach]
    waiting = [node for node, _ in own]
    for node, scope in own:
        side.add(_key(node, scope), node, project, graph.study)
    seen = {node.address for node in waiting}
    while waiting:
        for parent in waiting.pop().parents():
            if parent.address not in seen:
                seen.add(parent.address)
                waiting.append(parent)
                side.add(_key(parent, parent.scopes()[0]), parent, project, graph.study)
    return side


def study_side(name: str, graphs: Iterable[tuple[Project, Graph]]) -> Side:
    """All nodes of some studies."""
    side = Side(name)
    for project, graph in graphs:
        for node in graph.nodes.values():
            for scope in node.scopes():
                key = (graph.study, node.stage.name, *(f"{k}={v}" for k, v in sorted(scope.items())))
                side.add(key, node, project, graph.study)
    return side


def changes(a: Side, b: Side) -> list[Change]:
    """What differs where both sides have a node, the same difference once, with how often it occurs."""
    counted: dict[str, tuple[Change, set[Address]]] = {}
    for key, node in b.nodes.items():
        old = a.nodes.get(key)
        if old is None or old.address == node.address:
            continue
        for change in _differences(old, node, a.owners[key], b.owners[key]):
            counted.setdefault(repr(change), (change, set()))[1].add(node.address)
    found = [replace(change, count=len(nodes)) for change, nodes in counted.values()]
    return sorted(found, key=lambda c: (KINDS.index(c.what), c.stage, c.name, str(c.old), str(c.new)))


KINDS = ("stage", "input", "back end", "capture", "parameter")


def tallies(a: Side, b: Side, listing: Mapping[str, set[str]]) -> list[Tally]:
    """Artifacts by stage, in the order of the sides' nodes."""
    first, second = ({node.address for node in side.nodes.values()} for side in (a, b))
    stages = dict.fromkeys(node.stage.name for side in (a, b) for node in side.nodes.values())
    groups = (first & second, first - second, second - first)

    def count(group: set[Address], stage: str, test: Callable[[Address], bool]) -> int:
        return sum(1 for address in group if address[0] == stage and test(address))

    return [
        Tally(stage, *(count(group, stage, lambda _: True) for group in groups),
              *(count(group, stage, lambda x: x[1] in listing.get(x[0], ())) for group in groups))
        for stage in stages
    ]  # fmt: skip


def _differences(old: Node, new: Node, a: tuple[Project, str], b: tuple[Project, str]) -> Iterator[Change]:
    stage = new.stage.name
    if old.stage.version != new.stage.version:
        yield Change("stage", stage, "version", old.stage.version, new.stage.version, "", "", 1)
    before, after = ({s.name: s for s in settings(*owner, node)} for owner, node in ((a, old), (b, new)))
    for name in {**before, **after}:
        x, y = before.get(name), after.get(name)
        if x is None or y is None or x.value != y.value:
            told = [(s.value, s.at or s.by) if s else (None, "") for s in (x, y)]
            yield Change("parameter", stage, name, told[0][0], told[1][0], told[0][1], told[1][1], 1)
    for port in {**old.inputs, **new.inputs}:
        x, y = (_makers(node, port) for node in (old, new))
        if x != y:
            lines = [wired(*owner, node).get(port, "default") for owner, node in ((a, old), (b, new))]
            yield Change("input", stage, port, x, y, *lines, 1)
    for role in {**old.backends, **new.backends}:
        x, y = (" ".join(node.backends.get(role, {}).values()) for node in (old, new))
        if x != y:
            lines = [_backend_line(*owner, role) for owner in (a, b)]
            yield Change("back end", stage, role, x, y, *lines, 1)
    if old.content != new.content:
        yield Change("capture", stage, str(new.scope), (old.content or "")[:12], (new.content or "")[:12], "", "", 1)


def _makers(node: Node, port: str) -> str:
    return ", ".join(dict.fromkeys(parent.stage.name for parent in node.inputs.get(port, ()))) or "nothing"


def _backend_line(project: Project, study: str, role: str) -> str:
    span = project.spans("study", study).get(("backends", role))
    return str(span) if span else "default"


def _key(node: Node, scope: Mapping[str, str]) -> Key:
    return (node.stage.name, *(f"{k}={v}" for k, v in sorted(scope.items()) if k != "approach"))
