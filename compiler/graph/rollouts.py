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


def recorded(nodes: Iterable[tuple[Node, int]]) -> Counter[str]:
    """Episodes at real places (or their hidden stand-ins) that a study asks for, and how many of them people steer: `episodes`
    and `teleoperated`; and `control_steps`, of what counts in these. What counts is a parameter marked `recorded`, of a node
    that has nobody's recordings to read instead."""
    found = Counter[str]()
    for node, times in nodes:
        there = next((node.params[field] for field, source in node.stage.bound.items() if source == "data"), None)
        for field, how in marked_fields(node.stage.params, "recorded").items() if there is None else ():
            found["control_steps" if how == "control_steps" else "episodes"] += times * node.params[field]
            found["teleoperated"] += times * node.params[field] * (how == "teleoperated")
    return found
