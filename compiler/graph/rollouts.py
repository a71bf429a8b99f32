"""Rollouts that a study makes to develop policies and world models by: no trials, and no demos."""

from collections import Counter
from collections.abc import Iterable

from compiler.graph.node import Node
from runtime.stage import marked_fields


def development(nodes: Iterable[tuple[Node, int]]) -> Counter[str]:
    """Domain -> rollouts at most, of nodes and how often each is made. What counts is a parameter marked `rollouts`."""
    found = Counter[str]()
    for node, times in nodes:
        for field, each in marked_fields(node.stage.params, "rollouts").items():
            for domain, rollouts in each.items():
                found[domain] += times * rollouts * node.params[field]
    return found
