"""Nodes -> boxes and edges: one box for each stage and group of approaches, so that 4,000 locations stay readable."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from compiler.graph.graph import Graph
from compiler.graph.node import Address, Node


@dataclass
class Box:
    """Nodes drawn as one. `ports` are in the stage's order; `states` counts nodes by what the plan says of them."""

    key: str
    title: str
    subtitle: str
    ports: list[str]
    states: dict[str, int] = field(default_factory=dict)
    labels: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many nodes it stands for."""
        return sum(self.states.values())


@dataclass(frozen=True)
class Edge:
    """`count` nodes of the box `target` read nodes of the box `source` at `port`."""

    source: str
    target: str
    port: str
    count: int


@dataclass(frozen=True)
class Diagram:
    """Boxes by key, makers before readers, and the edges between them."""

    boxes: dict[str, Box]
    edges: list[Edge]


def by_stage(graph: Graph, nodes: Iterable[Node], states: Mapping[Address, str]) -> Diagram:
    """One box for each stage and each set of approaches that its artifacts serve."""
    served = _served(graph)
    approaches = sorted({a for names in served.values() for a in names})

    def place(node: Node) -> tuple[str, str]:
        names = served[node.address]
        every = not names or len(names) == len(approaches)
        return "" if every else " ".join(sorted(names)), _named(sorted(names)) if not every else ""

    return _diagram(nodes, states, place)


def by_node(nodes: Iterable[Node], states: Mapping[Address, str]) -> Diagram:
    """One box for each node."""
    return _diagram(nodes, states, lambda node: (node.fingerprint, str(node.scope)))


def lineage(node: Node) -> list[Node]:
    """A node and all that it is made from, parents before children."""
    found: dict[Address, Node] = {}
    waiting = [(node, False)]
    while waiting:
        one, done = waiting.pop()
        if done:
            found.setdefault(one.address, one)
        elif one.address not in found:
            waiting.append((one, True))
            waiting += [(parent, False) for parent in one.parents() if parent.address not in found]
    return list(found.values())


def _diagram(nodes: Iterable[Node], states: Mapping[Address, str], place: Callable[[Node], tuple[str, str]]) -> Diagram:
    boxes: dict[str, Box] = {}
    home: dict[Address, str] = {}
    readers: dict[tuple[str, str, str], int] = {}
    for node in nodes:
        group, subtitle = place(node)
        key = home[node.address] = f"{node.stage.name} {group}".strip()
        box = boxes.setdefault(key, Box(key, node.stage.name, subtitle, []))
        box.states[states[node.address]] = box.states.get(states[node.address], 0) + 1
        box.labels.append(node.label)
        for port, parents in node.inputs.items():
            for source in dict.fromkeys(home[p.address] for p in parents if p.address in home):
                readers[source, key, port] = readers.get((source, key, port), 0) + 1
                if port not in box.ports:
                    box.ports.append(port)
    return Diagram(boxes, [Edge(*ends, count) for ends, count in readers.items()])


def _served(graph: Graph) -> dict[Address, frozenset[str]]:
    """The approaches whose trials are made from each node; empty for what stands after the trials."""
    found: dict[Address, frozenset[str]] = {}
    for node in reversed(graph.nodes.values()):
        own = found.get(node.address, frozenset())
        if "approach" in node.stage.per:
            own |= {scope["approach"] for scope in node.scopes() if "approach" in scope}
        found[node.address] = own
        for parent in node.parents() if own else ():
            known = found.get(parent.address, frozenset())
            if not own <= known:
                found[parent.address] = known | own
    return found


def _named(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} +{len(names) - 1}"
