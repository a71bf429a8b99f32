"""A plan with all that people are told of it: marks, costs, orphans."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from compiler.graph.node import Address, Node
from compiler.plan import form
from compiler.plan.changes import Changes, find_changes
from compiler.plan.cost import CostModel, Estimate, NodeCost, estimate
from compiler.plan.plan import Plan
from compiler.plan.tree import Place, places
from compiler.project.project import Project
from compiler.store.fact import Fact
from compiler.store.index import StoreIndex


@dataclass(frozen=True)
class Overview:
    """What `simkiln plan` shows. `costs` are of the nodes to build, by address."""

    plan: Plan
    changes: Changes
    costs: Mapping[Address, NodeCost]
    estimate: Estimate

    @cached_property
    def counts(self) -> dict[form.MarkName, int]:
        """How many artifacts there are of each mark."""
        return self.changes.counts(self.plan)

    @property
    def orphan_bytes(self) -> int:
        """Disk space of all that no study plans any more."""
        return sum(fact.bytes for fact in (*self.changes.orphans, *self.changes.superseded))

    def places(self) -> list[Place]:
        """The tree."""
        return places(self.plan, self.changes, self.costs)

    def to_json(self) -> form.PlanForm:
        """The form of `schema/plan.schema.json`."""
        orphans = [_orphan(f, False) for f in self.changes.orphans] + [_orphan(f, True) for f in self.changes.superseded]
        return {
            "form": 1,
            "study": self.plan.graph.study,
            "counts": self.counts,
            "estimate": self.estimate.to_json(),
            "nodes": [self._node(node) for node in self.plan.graph.nodes.values()],
            "orphans": orphans,
            "refused": list(self.changes.refused),
        }

    def _node(self, n: Node) -> form.Node:
        mark, cost = self.changes.mark(self.plan, n), self.costs.get(n.address)
        seconds = None if cost is None else round(cost.cpu_s, 3)
        place = n.scope.location
        return form.Node(
            label=n.label, stage=n.stage.name, fingerprint=n.fingerprint, location=place, state=mark.value, cpu_s=seconds
        )


def overview(project: Project, plan: Plan, cores: int = 1) -> Overview:
    """Hold a plan against the store and estimate what it takes."""
    index = StoreIndex.of(project)
    model = CostModel(index, plan.published)
    costs = model.costs(plan.build())
    rates = project.studies[plan.graph.study].rates
    return Overview(plan, find_changes(project, plan, index), costs, estimate(plan, costs, model, rates, cores))


def _orphan(f: Fact, again: bool) -> form.Orphan:
    address, place = f.fingerprint, f.location
    return form.Orphan(label=f.label, stage=f.stage, fingerprint=address, location=place, bytes=f.bytes, superseded=again)
