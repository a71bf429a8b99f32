"""Nodes to build -> jobs for Snakemake: one node each, or many short ones of a stage together.

Scheduling a job costs Snakemake tens of milliseconds and starting a Python costs as much again; a first build of
thousands of short nodes would be bound by that. A node of a chunk that fails stops neither the rest of its chunk nor
other chunks; what reads from its chunk waits for the next call.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from compiler.node import Node
from compiler.plan import Plan

Address = tuple[str, str]

MANY = 256
"""Short nodes of one stage that are scheduled one by one; with more, chunks keep the number of jobs near this."""
SHORT_MIN = 1.0
"""Declared minutes up to which a node is short."""
CHUNK_MIN = 30.0
"""Declared minutes that a chunk takes at most: what is lost when a machine dies halfway."""
CHUNK_NODES = 64


@dataclass(frozen=True)
class Chunk:
    """What one job builds, parents of other chunks first; it is named by its first node's fingerprint."""

    nodes: tuple[Node, ...]

    @property
    def address(self) -> Address:
        """Stage and name."""
        return self.nodes[0].address

    def needs(self) -> dict[str, Any]:
        """Resources for Snakemake: nodes run one after another, so memory is the most and time the sum."""
        each = [node.setting.resources for node in self.nodes]
        return {
            "threads": max(r.cpu for r in each),
            "mem_mb": int(max(r.mem_gb for r in each) * 1000),
            "runtime": max(1, round(sum(r.minutes for r in each) * 10)),
            "gpu": max(r.gpu for r in each),
        }


def chunks(plan: Plan) -> list[Chunk]:
    """Every node to build, in chunks; nodes of one chunk have the same stage, so none needs another."""
    by_stage: dict[str, list[Node]] = {}
    for node in plan.build():
        by_stage.setdefault(node.stage.name, []).append(node)
    return [Chunk(part) for nodes in by_stage.values() for part in _split(nodes)]


def _split(nodes: list[Node]) -> Iterator[tuple[Node, ...]]:
    short = [n for n in nodes if n.setting.resources.minutes <= SHORT_MIN and n.setting.resources.gpu == 0]
    size = min(CHUNK_NODES, -(-len(short) // MANY))
    if size > 1:
        longest = max(n.setting.resources.minutes for n in short)
        size = max(1, min(size, int(CHUNK_MIN / longest)))
    alone = [(n,) for n in nodes if n.setting.resources.minutes > SHORT_MIN or n.setting.resources.gpu]
    yield from alone
    for start in range(0, len(short), max(1, size)):
        yield tuple(short[start : start + max(1, size)])
