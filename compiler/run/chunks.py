"""Nodes to build -> jobs for Snakemake: one node each, or many short ones of a stage together.

Scheduling a job costs Snakemake tens of milliseconds and starting a Python costs as much again; a first build of
thousands of short nodes would be bound by that. A node of a chunk that fails stops neither the rest of its chunk nor
other chunks; what reads from its chunk waits for the next call.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from compiler.graph.node import Address, Node
from compiler.plan.plan import Plan
from compiler.run.frozen_plan import JobEntry
from runtime.backend import info

MANY = 64
"""Short nodes of one stage up to which each has a job of its own, so that few cores are kept busy to the end."""
WORTH_MIN = 0.5
"""Declared minutes that a chunk is worth scheduling for."""
MOST_JOBS = 512
"""Jobs of short nodes that one stage has about at most, as far as `LONGEST_MIN` allows."""
LEAST_LIMIT_MIN = 10
"""Minutes that a cluster lets each job run at the least; else ten times what is declared. To start takes minutes on a bad day."""
LONGEST_MIN = 30.0
"""Declared minutes that a chunk takes at most: what is lost when a machine dies halfway."""


@dataclass(frozen=True)
class Chunk:
    """What one job builds, parents of other chunks first; it is named by its first node's fingerprint."""

    nodes: tuple[Node, ...]

    @property
    def address(self) -> Address:
        """Stage and name."""
        return self.nodes[0].address

    def entry(self, inputs: Iterable[Address]) -> JobEntry:
        """The job after some others. Nodes run one after another, so memory is the most and time the sum."""
        each = [node.setting.resources for node in self.nodes]
        chosen = self.nodes[0].backends
        return {
            "inputs": [list(address) for address in inputs],
            "members": [node.fingerprint for node in self.nodes],
            "threads": max(r.cpu for r in each),
            "mem_mb": int(max(r.mem_gb for r in each) * 1000),
            "runtime": max(LEAST_LIMIT_MIN, round(sum(r.minutes for r in each) * 10)),
            "gpu": max(*(r.gpu for r in each), *(int(info(role, one["name"]).needs_gpu) for role, one in chosen.items()), 0),
        }


def chunks(plan: Plan) -> list[Chunk]:
    """Every node to build, in chunks; nodes of one chunk have the same stage, look, round and back ends: none needs another, and
    one Python builds them all. Of two rounds a later one would wait for what waits for the chunk."""
    by_stage: dict[tuple[str, int | None, int | None, str], list[Node]] = {}
    for node in plan.build():
        chosen = str(node.backends) if node.backends else ""
        by_stage.setdefault((node.stage.name, node.scope.look, node.scope.round, chosen), []).append(node)
    return [Chunk(part) for nodes in by_stage.values() for part in _split(nodes)]


def _split(nodes: list[Node]) -> Iterator[tuple[Node, ...]]:
    short = [n for n in nodes if n.setting.resources.minutes < WORTH_MIN and n.setting.resources.gpu == 0]
    if len(short) <= MANY:
        yield from ((node,) for node in nodes)
        return
    yield from ((node,) for node in nodes if node.setting.resources.minutes >= WORTH_MIN or node.setting.resources.gpu)
    longest = max(n.setting.resources.minutes for n in short)
    worth, most = WORTH_MIN / longest, LONGEST_MIN / longest
    size = max(1, round(min(max(worth, len(short) / MOST_JOBS), most)))
    for start in range(0, len(short), size):
        yield tuple(short[start : start + size])
