"""A plan with all that people are told of it: marks, costs, orphans."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from compiler.plan.changes import Changes, find_changes
from compiler.plan.cost import CostModel, Estimate, NodeCost, total
from compiler.plan.plan import Plan
from compiler.plan.tree import Place, places
from compiler.project.load import Project
from compiler.store.fact import Fact
from compiler.store.index import StoreIndex

FORM = 1
"""Of the JSON; raised when a key changes its meaning or goes."""


@dataclass(frozen=True)
class Overview:
    """What `simkiln plan` shows. `costs` are of the nodes to build, by address."""

    plan: Plan
    changes: Changes
    costs: Mapping[tuple[str, str], NodeCost]
    estimate: Estimate

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many artifacts there are of each mark."""
        return self.changes.counts(self.plan)

    @property
    def orphan_bytes(self) -> int:
        """Disk space of all that no study plans any more."""
        return sum(fact.bytes for fact in (*self.changes.orphans, *self.changes.superseded))

    def places(self) -> list[Place]:
        """The tree."""
        return places(self.plan, self.changes, self.costs)

    def to_json(self) -> dict[str, Any]:
        """The form of `schema/plan.schema.json`."""
        graph = self.plan.graph
        nodes = [
            {
                "label": n.label,
                "stage": n.stage.name,
                "fingerprint": n.fingerprint,
                "location": n.scope.location,
                "state": str(self.changes.mark(self.plan, n)),
                "cpu_s": _seconds(self.costs.get(n.address)),
            }
            for n in graph.nodes.values()
        ]
        orphans = [_orphan(f, False) for f in self.changes.orphans] + [_orphan(f, True) for f in self.changes.superseded]
        return {
            "form": FORM,
            "study": graph.study,
            "counts": self.counts,
            "estimate": self.estimate.to_json(),
            "nodes": nodes,
            "orphans": orphans,
            "refused": list(self.changes.refused),
        }


def overview(project: Project, plan: Plan, cores: int = 1) -> Overview:
    """Hold a plan against the store and estimate what it takes."""
    index = StoreIndex.of(project)
    model = CostModel(index)
    costs = [(node, model.node(node)) for node in plan.build()]
    rates = project.studies[plan.graph.study].rates
    found = find_changes(project, plan, index)
    return Overview(plan, found, {n.address: c for n, c in costs}, total(costs, plan, model, rates, cores))


def _orphan(fact: Fact, superseded: bool) -> dict[str, Any]:
    return {
        "label": fact.label,
        "stage": fact.stage,
        "fingerprint": fact.fingerprint,
        "location": fact.location,
        "bytes": fact.bytes,
        "superseded": superseded,
    }


def _seconds(cost: NodeCost | None) -> float | None:
    return None if cost is None else round(cost.cpu_s, 3)
