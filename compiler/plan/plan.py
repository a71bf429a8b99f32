"""Nodes and a listing of the store -> what to build: whatever is missing and needed by something wanted."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from compiler.graph.graph import Graph
from compiler.graph.node import Address, Node


class State(StrEnum):
    """What a plan says of a node."""

    BUILD = "build"
    REUSE = "reuse"
    UNNEEDED = "not needed"
    """Absent from the store, but all that would read it is there."""


@dataclass(frozen=True)
class Plan:
    """The frozen decision: explaining and applying both read this, so they cannot disagree. `states` are of the graph's nodes;
    those of locations that were taken over are all reused.

    `published` is the listing of the store that it was made from: stage -> fingerprints.
    """

    graph: Graph
    states: Mapping[Address, State]
    published: Mapping[str, set[str]] = field(default_factory=dict)

    def unplanned(self) -> list[Address]:
        """Addresses of artifacts in the store that are none of the study's nodes."""
        planned: dict[str, set[str]] = {}
        for stage, fingerprint in self.graph.nodes:
            planned.setdefault(stage, set()).add(fingerprint)
        for stage, taken in self.graph.settled.published.items() if self.graph.settled else ():
            planned.setdefault(stage, set()).update(taken)
        return [(s, f) for s, found in self.published.items() for f in sorted(found - planned.get(s, set()))]

    def build(self) -> Iterator[Node]:
        """Nodes to build, parents first."""
        return (n for n in self.graph.nodes.values() if self.states[n.address] is State.BUILD)

    def count(self, state: State) -> int:
        """How many nodes are in a state."""
        taken = self.graph.settled.count if self.graph.settled and state is State.REUSE else 0
        return taken + sum(1 for s in self.states.values() if s is state)

    def missing_parents(self, node: Node) -> Iterator[Node]:
        """Parents that have to be built first, each once."""
        unique = {p.address: p for p in node.parents()}
        return (p for a, p in unique.items() if self.states.get(a) is State.BUILD)


def make_plan(graph: Graph, published: Mapping[str, set[str]]) -> Plan:
    """Decide every node's state by walking from the targets to what is missing.

    Args:
        graph: the study's nodes.
        published: stage -> fingerprints in the store.
    """
    none: set[str] = set()
    taken = graph.settled.published if graph.settled else {}
    states: dict[Address, State] = {}
    waiting = list(graph.targets)
    while waiting:
        node = waiting.pop()
        address = stage, fingerprint = node.address
        if address in states or fingerprint in taken.get(stage, none):
            continue
        if fingerprint in published.get(stage, none):
            states[address] = State.REUSE
            continue
        states[address] = State.BUILD
        waiting.extend(node.parents())
    for address in graph.nodes:
        if address not in states:
            stage, fingerprint = address
            states[address] = State.REUSE if fingerprint in published.get(stage, none) else State.UNNEEDED
    return Plan(graph, states, published)
