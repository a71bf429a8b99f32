"""How a study stands: the status of each gate and claim as it is in the store, and of the study."""

from collections.abc import Iterator
from dataclasses import dataclass

from compiler.graph.graph import Graph
from compiler.graph.node import Node
from compiler.project.project import Project
from runtime.stats.status import Status, combine
from runtime.store.store import DamagedArtifact, Store


@dataclass(frozen=True)
class Standing:
    """One gate or claim. `waived`: a waiver covers its failure."""

    kind: str
    id: str
    status: Status
    waived: bool = False
    stops: bool = False
    """Whether the gate says `on_fail: stop`."""

    @property
    def counts_as(self) -> Status:
        """For the study: what is waived no longer fails it, and has not passed either."""
        return Status.UNDECIDED if self.waived else self.status


def standings(project: Project, graph: Graph) -> list[Standing]:
    """Gates, then claims, in the study's order. One that is not in the store is not run."""
    study, store = project.studies[graph.study], Store(project.store)
    # Gates of one rule share a node, which then stands for both.
    planned = {(n.stage.name, scope[n.stage.name]): n for n in _judges(graph) for scope in n.scopes()}
    found = []
    for kind, names in (("gate", study.gates), ("claim", list(study.claims))):
        for name in names:
            node, status = planned.get((kind, name)), Status.NOT_RUN
            if node is not None and store.has(*node.address):
                try:
                    status = Status(store.manifest(*node.address)["metrics"]["status"])
                except (DamagedArtifact, KeyError, ValueError):
                    status = Status.NOT_RUN
            waived = name in study.waivers.of(kind) and status in (Status.FAILED, Status.UNDECIDED)
            found.append(Standing(kind, name, status, waived, kind == "gate" and project.gates[name].on_fail == "stop"))
    return found


def of_study(found: list[Standing]) -> Status:
    """The worst over its gates and claims; not run when it has none."""
    return combine(one.counts_as for one in found)


def stopping(found: list[Standing]) -> list[str]:
    """Gates with `on_fail: stop` that failed, and that nobody answers for."""
    return [one.id for one in found if one.stops and one.status is Status.FAILED and not one.waived]


def _judges(graph: Graph) -> Iterator[Node]:
    """Gates and claims that are planned: with something stopped, only those that targets lead to."""
    waiting, seen = list(graph.targets), set()
    while waiting:
        node = waiting.pop()
        if node.address not in seen:
            seen.add(node.address)
            if node.stage.role in ("gate", "claim"):
                yield node
            if node.stage.role == "report":
                waiting += [p for p in node.parents() if p.stage.role in ("gate", "claim")]
