"""What differs between two sides: parameters, inputs, back ends, captures, and which artifacts they share.

A side is one approach of a study, or all studies of one revision. Nodes of both sides pair by what they stand for.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from compiler.graph.graph import Graph
from compiler.graph.node import Address, Node
from compiler.project.project import Project
from compiler.why.artifact import setting, wired

Key = tuple[str, ...]
Owner = tuple[Project, str]
"""The project and the study whose lines shaped a node."""
NAMED = "arm"
"""Bound source that is an approach's name: that two approaches are called differently is no difference of theirs."""
KINDS = ("stage", "library", "input", "back end", "capture", "parameter")
SAMPLED = 20
"""Nodes of one difference whose lines are looked up."""
LONG = 64
_ABSENT = object()


@dataclass(frozen=True)
class Side:
    """Nodes by what they stand for, the project and the study whose lines set each, and all addresses."""

    name: str
    nodes: dict[Key, Node] = field(default_factory=dict)
    owners: dict[Key, Owner] = field(default_factory=dict)
    addresses: dict[Address, None] = field(default_factory=dict)

    def add(self, key: Key, node: Node, project: Project, study: str) -> None:
        """Add a node; the first one of a key is the one that is compared."""
        self.addresses[node.address] = None
        if key not in self.nodes:
            self.nodes[key], self.owners[key] = node, (project, study)


@dataclass(frozen=True)
class Change:
    """One difference in `count` nodes of a stage. `what` is one of `KINDS`."""

    what: str
    stage: str
    name: str
    old: Any
    new: Any
    old_at: str
    new_at: str
    count: int
    elsewhere: bool = False
    """Whether other nodes have it from other lines; then `old_at` and `new_at` are one example."""


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
    """All that an approach's trials are made from; what was made for it comes before what it only shares."""
    waiting = [n for n in graph.nodes.values() if "approach" in n.stage.per and _serves(n, approach)]
    needed = {node.address for node in waiting}
    while waiting:
        for parent in waiting.pop().parents():
            if parent.address not in needed:
                needed.add(parent.address)
                waiting.append(parent)
    side = Side(approach)
    found = [node for node in graph.nodes.values() if node.address in needed]
    for node in sorted(found, key=lambda n: not _serves(n, approach)):
        for scope in node.scopes():
            if scope.get("approach") == approach or "approach" not in node.stage.per:
                side.add(_key(node, scope), node, project, graph.study)
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
    found: dict[tuple[str, ...], tuple[_Difference, set[Address], set[tuple[str, str]]]] = {}
    known: dict[tuple[int, int], list[tuple[str, Any, Any, str]]] = {}
    for key, node in b.nodes.items():
        old = a.nodes.get(key)
        if old is None or old.address == node.address:
            continue
        for one in (*_parameters(old, node, known), *_others(old, node)):
            same = found.setdefault((one.what, node.stage.name, one.name, one.text), (one, set(), set()))
            if len(same[1]) < SAMPLED:
                same[2].add(one.lines(a.owners[key], b.owners[key]))
            same[1].add(node.address)
    told = [
        Change(one.what, key[1], one.name, one.old, one.new, *sorted(lines)[0], len(nodes), len(lines) > 1)
        for key, (one, nodes, lines) in found.items()
    ]
    return sorted(told, key=lambda c: (KINDS.index(c.what), c.stage, c.name, str(c.old), str(c.new)))


def tallies(a: Side, b: Side, listing: Mapping[str, set[str]]) -> list[Tally]:
    """Artifacts by stage, in the order of the sides' nodes."""
    first, second = a.addresses.keys(), b.addresses.keys()
    stages = dict.fromkeys(stage for side in (a, b) for stage, _ in side.addresses)
    groups = (first & second, first - second, second - first)
    stored = ({address for address in group if address[1] in listing.get(address[0], ())} for group in groups)
    counts = [Counter(stage for stage, _ in group) for group in (*groups, *stored)]
    return [Tally(stage, *(count[stage] for count in counts)) for stage in stages]


_Lines = Callable[[Owner, Owner], tuple[str, str]]
"""Where each side's project and study set something."""


@dataclass(frozen=True)
class _Difference:
    what: str
    name: str
    old: Any
    new: Any
    text: str
    lines: _Lines


def _parameters(old: Node, new: Node, known: dict[tuple[int, int], list[tuple[str, Any, Any, str]]]) -> Iterator[_Difference]:
    """Parameters that differ. Most nodes share theirs with others, so pairs of them are compared once."""
    pair = id(old.params), id(new.params)
    if pair not in known:
        names = [n for n in {**old.params, **new.params} if old.params.get(n, _ABSENT) != new.params.get(n, _ABSENT)]
        told = [name for name in names if new.stage.bound.get(name) != NAMED]
        values = [(name, _brief(old.params.get(name)), _brief(new.params.get(name))) for name in told]
        known[pair] = [(name, x, y, repr((x, y))) for name, x, y in values]
    for name, x, y, text in known[pair]:
        yield _Difference("parameter", name, x, y, text, lambda a, b, name=name: (_at(a, old, name), _at(b, new, name)))


def _others(old: Node, new: Node) -> Iterator[_Difference]:
    """Stage versions, inputs, back ends and captures that differ."""

    def nowhere(a: Owner, b: Owner) -> tuple[str, str]:
        return "", ""

    def wiring(a: Owner, b: Owner, port: str) -> tuple[str, str]:
        return wired(*a, old).get(port, "default"), wired(*b, new).get(port, "default")

    def choice(a: Owner, b: Owner, role: str) -> tuple[str, str]:
        return _backend_line(*a, role), _backend_line(*b, role)

    found: list[tuple[str, str, Any, Any, _Lines]] = [("stage", "version", old.stage.version, new.stage.version, nowhere)]
    found += [("input", p, _makers(old, p), _makers(new, p), partial(wiring, port=p)) for p in {**old.inputs, **new.inputs}]
    of, now = old.setting.identity, new.setting.identity
    found += [("library", n, of.libraries.get(n), now.libraries.get(n), nowhere) for n in {**of.libraries, **now.libraries}]
    found.append(("stage", "code", of.code or "as recorded", now.code or "as recorded", nowhere))
    for role in {**old.backends, **new.backends}:
        x, y = (" ".join(node.backends.get(role, {}).values()) for node in (old, new))
        found.append(("back end", role, x, y, partial(choice, role=role)))
    if old.content != new.content:
        found.append(("capture", str(new.scope), (old.content or "")[:12], (new.content or "")[:12], nowhere))
    return (_Difference(what, name, x, y, f"{x} {y}", lines) for what, name, x, y, lines in found if x != y)


def _at(owner: Owner, node: Node, name: str) -> str:
    if name not in node.params:
        return ""
    found = setting(*owner, node, name)
    return found.at or found.by


def _brief(value: Any) -> Any:
    """A value as it is told: long lists, such as all cells of a study, by their length."""
    return f"{len(value)} items" if isinstance(value, list | dict) and len(value) > LONG else value


def _serves(node: Node, approach: str) -> bool:
    return any(scope.get("approach") == approach for scope in node.scopes())


def _makers(node: Node, port: str) -> str:
    return ", ".join(dict.fromkeys(parent.stage.name for parent in node.inputs.get(port, ()))) or "nothing"


def _backend_line(project: Project, study: str, role: str) -> str:
    span = project.spans("study", study).get(("backends", role))
    return str(span) if span else "default"


def _key(node: Node, scope: Mapping[str, str]) -> Key:
    return (node.stage.name, *(f"{k}={v}" for k, v in sorted(scope.items()) if k != "approach"))
