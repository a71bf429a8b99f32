"""What a plan will take: CPU and GPU hours, memory, disk and money, from what earlier artifacts took.

Estimates rest on manifests of the same stage and back end, else on the stage's declared cost; an estimate says what
share of it is measured, and its band covers 80%.
"""

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from statistics import median

from compiler.graph.node import Address, Node, Setting
from compiler.plan import form
from compiler.plan.cost_fit import Fit, fit
from compiler.plan.plan import Plan
from compiler.spec.study import Rates
from compiler.store.fact import Fact, backends_text
from compiler.store.index import StoreIndex
from runtime.build.usage import machine
from runtime.stage import REGISTRY

SAMPLES = 64
"""Artifacts of one stage and back end that a law is made from: the latest of those looked at."""
LOOKED_AT = 512
"""Artifacts of a stage whose manifests are read at most, so that a plan does not read a store of thousands."""
ENOUGH = 3
Z80 = 1.2816
"""The normal quantile of 0.9: four of five cases lie within it on both sides."""
DECLARED = Fit()

_Key = tuple[str, str]


@dataclass(frozen=True)
class Band:
    """An expected value and where it lies in four of five cases."""

    value: float = 0.0
    low: float = 0.0
    high: float = 0.0

    def scaled(self, factor: float) -> "Band":
        """All three times a factor."""
        return Band(self.value * factor, self.low * factor, self.high * factor)

    def to_json(self) -> form.Amount:
        """Value, low, high."""
        return round(self.value, 6), round(self.low, 6), round(self.high, 6)


@dataclass(frozen=True)
class Estimate:
    """What building takes. `measured` is the share of the CPU time that rests on measurements; `wall_h` is the least
    wall time on `cores` cores; `disk_gb` leaves out stages of which no artifact was ever built (`disk_known` < 1)."""

    cpu_h: Band = Band()
    gpu_h: Band = Band()
    disk_gb: Band = Band()
    disk_known: float = 1.0
    measured: float = 1.0
    wall_h: float = 0.0
    cores: int = 1
    money: Band | None = None
    currency: str = ""

    def to_json(self) -> form.Estimate:
        """As JSON values; bands are `[value, low, high]`."""
        return form.Estimate(
            cpu_h=self.cpu_h.to_json(),
            gpu_h=self.gpu_h.to_json(),
            disk_gb=self.disk_gb.to_json(),
            disk_known=round(self.disk_known, 4),
            measured=round(self.measured, 4),
            wall_h=round(self.wall_h, 6),
            cores=self.cores,
            money=self.money.to_json() if self.money else None,
            currency=self.currency or None,
        )

    @classmethod
    def from_json(cls, found: form.Estimate) -> "Estimate":
        """Read back."""
        cpu, gpu, disk = (Band(*amount) for amount in (found["cpu_h"], found["gpu_h"], found["disk_gb"]))
        money, currency = Band(*found["money"]) if found["money"] else None, found["currency"] or ""
        return cls(cpu, gpu, disk, found["disk_known"], found["measured"], found["wall_h"], found["cores"], money, currency)


@dataclass(frozen=True)
class NodeCost:
    """What one node is expected to take."""

    cpu_s: float
    wall_s: float
    gpu_s: float
    bytes: float


@dataclass(frozen=True)
class _Law:
    """All that is known of one stage and back end."""

    cpu: Fit = DECLARED
    wall: Fit = DECLARED
    disk: Fit | None = None
    gpu_share: float | None = None


class CostModel:
    """Expected costs of nodes. Reads only the facts of stages that it is asked for."""

    def __init__(self, index: StoreIndex | None = None, published: Mapping[str, Collection[str]] | None = None) -> None:
        """`published` spares listing the store again: stage -> fingerprints there."""
        self._index, self._published = index, published
        self._facts: dict[str, list[Fact]] = {}
        self._laws: dict[_Key, _Law] = {}

    def node(self, node: Node) -> NodeCost:
        """CPU, wall and GPU seconds, and bytes."""
        law, need = self.law_of(_key(node)), node.setting.resources
        wall = law.wall.mean(need.minutes * 60)
        gpu = wall * law.gpu_share if law.gpu_share is not None else need.gpu * need.minutes * 60
        disk = law.disk.mean(need.cpu * need.minutes * 60) if law.disk else 0.0
        return NodeCost(law.cpu.mean(need.cpu * need.minutes * 60), wall, gpu, disk)

    def costs(self, nodes: Iterable[Node]) -> dict[Address, NodeCost]:
        """What each of some nodes is expected to take."""
        found: dict[Address, NodeCost] = {}
        known: dict[tuple[Setting, int], NodeCost] = {}  # thousands of nodes share a few settings, and dictionaries of back ends
        for node in nodes:
            key = node.setting, id(node.backends)
            cost = known.get(key)
            if cost is None:
                cost = known[key] = self.node(node)
            found[node.address] = cost
        return found

    def law_of(self, key: _Key) -> "_Law":
        """What is known of a stage and its back ends."""
        if key not in self._laws:
            self._laws[key] = self._learn(key)
        return self._laws[key]

    def _learn(self, key: _Key) -> "_Law":
        stage, backends = key
        if stage not in self._facts:
            names = None if self._published is None else self._published.get(stage, ())
            self._facts[stage] = self._index.of_stage(stage, LOOKED_AT, names) if self._index else []
        found = [f for f in self._facts[stage] if f.backends == backends and f.cpu_s > 0]
        found.sort(key=lambda f: -f.built)
        version, here = REGISTRY[stage].version, machine()
        found = _preferred([f for f in found if f.version == version], found)
        found = _preferred([f for f in found if f.machine == here], found)[:SAMPLES]
        sized = [(declared, f) for f in found if (declared := self._declared(f)) is not None]
        if not sized:
            return _Law()
        shares = [f.gpu_s / f.wall_s for _, f in sized if f.wall_s > 0]
        return _Law(
            fit([(cpu, f.cpu_s) for (cpu, _), f in sized]),
            fit([(wall, f.wall_s) for (_, wall), f in sized]),
            fit([(cpu, f.bytes) for (cpu, _), f in sized], prior=False),
            median(shares) if shares else None,
        )

    def _declared(self, fact: Fact) -> tuple[float, float] | None:
        """CPU and wall seconds that today's stage declares for an artifact; None when it no longer takes its params."""
        inputs = self._index.inputs(fact.address) if self._index else None
        stage = REGISTRY[fact.stage]
        try:
            need = stage.cost(stage.params.model_validate(inputs["params"] if inputs else {}))
        except ValueError:
            return None
        return need.cpu * need.minutes * 60, need.minutes * 60


def estimate(
    plan: Plan, costs: Mapping[Address, NodeCost], model: CostModel, rates: Rates | None = None, cores: int = 1
) -> Estimate:
    """What building some of a plan's nodes takes; `costs` are theirs by the model, parents first."""
    if not costs:
        return Estimate(cores=cores, money=Band() if rates else None, currency=rates.currency if rates else "")
    by_key: dict[_Key, list[NodeCost]] = defaultdict(list)
    for address, cost in costs.items():
        by_key[_key(plan.graph.nodes[address])].append(cost)
    groups = [(model.law_of(key), found) for key, found in by_key.items()]
    cpu = band_of_sum([(law.cpu, [c.cpu_s for c in found]) for law, found in groups]).scaled(1 / 3600)
    gpu = band_of_sum([(law.wall, [c.gpu_s for c in found]) for law, found in groups]).scaled(1 / 3600)
    disk = band_of_sum([(law.disk, [c.bytes for c in found]) for law, found in groups if law.disk]).scaled(1e-9)
    measured = sum(c.cpu_s for law, found in groups if law.cpu.samples for c in found)
    known = sum(len(found) for law, found in groups if law.disk)
    money = None
    if rates:
        parts = cpu.scaled(rates.cpu_hour), gpu.scaled(rates.gpu_hour)
        money = Band(*(sum(getattr(part, side) for part in parts) for side in ("value", "low", "high")))
    share = measured * 1 / 3600 / cpu.value if cpu.value else 1.0
    wall = max(cpu.value / cores, _critical_path(plan, costs) / 3600)
    return Estimate(cpu, gpu, disk, known / len(costs), share, wall, cores, money, rates.currency if rates else "")


def band_of_sum(groups: list[tuple[Fit, list[float]]]) -> Band:
    """The sum of log-normal parts as one of the same mean and variance (Fenton 1960).

    What a group's law is unsure of is shared by its nodes; their scatter is not, and averages out. The band lies
    around the sum on the log scale: a declared cost is as likely too low as too high.
    """
    mean = sum(sum(values) for _, values in groups)
    if mean <= 0:
        return Band()
    variance = sum(
        sum(values) ** 2 * math.expm1(law.unsure**2) + sum(v * v for v in values) * math.expm1(law.scatter**2)
        for law, values in groups
    )
    sigma = math.sqrt(math.log1p(variance / mean**2))
    return Band(mean, mean * math.exp(-Z80 * sigma), mean * math.exp(Z80 * sigma))


def _critical_path(plan: Plan, costs: Mapping[Address, NodeCost]) -> float:
    """Seconds of the longest chain of jobs that wait for each other."""
    ends: dict[Address, float] = {}
    for address, cost in costs.items():
        begin = max((ends.get(p.address, 0.0) for p in plan.graph.nodes[address].parents()), default=0.0)
        ends[address] = begin + cost.wall_s
    return max(ends.values(), default=0.0)


def _preferred(chosen: list[Fact], otherwise: list[Fact]) -> list[Fact]:
    return chosen if len(chosen) >= ENOUGH else otherwise


def _key(node: Node) -> _Key:
    return node.stage.name, backends_text(node.backends)
