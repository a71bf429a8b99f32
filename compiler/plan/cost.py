"""What a plan will take: CPU and GPU hours, memory, disk and money, from what earlier artifacts took.

Estimates rest on manifests of the same stage and back end, else on the stage's declared cost; an estimate says what
share of it is measured, and its band covers 80%.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from compiler.graph.node import Node
from compiler.plan.cost_fit import Fit, fit, quantile
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
MEMORY_MARGIN = 1.25
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

    def to_json(self) -> list[float]:
        """Value, low, high."""
        return [round(x, 6) for x in (self.value, self.low, self.high)]


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

    def to_json(self) -> dict[str, Any]:
        """As JSON values; bands are `[value, low, high]`."""
        return {
            "cpu_h": self.cpu_h.to_json(),
            "gpu_h": self.gpu_h.to_json(),
            "disk_gb": self.disk_gb.to_json(),
            "disk_known": round(self.disk_known, 4),
            "measured": round(self.measured, 4),
            "wall_h": round(self.wall_h, 6),
            "cores": self.cores,
            "money": self.money.to_json() if self.money else None,
            "currency": self.currency or None,
        }


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
    peak_mb: float | None = None


class CostModel:
    """Expected costs of nodes. Reads only the facts of stages that it is asked for."""

    def __init__(self, index: StoreIndex | None = None) -> None:
        self._index = index
        self._facts: dict[str, list[Fact]] = {}
        self._laws: dict[_Key, _Law] = {}

    def node(self, node: Node) -> NodeCost:
        """CPU, wall and GPU seconds, and bytes."""
        law, need = self.law_of(_key(node)), node.setting.resources
        wall = law.wall.mean(need.minutes * 60)
        gpu = wall * law.gpu_share if law.gpu_share is not None else need.gpu * need.minutes * 60
        disk = law.disk.mean(need.cpu * need.minutes * 60) if law.disk else 0.0
        return NodeCost(law.cpu.mean(need.cpu * need.minutes * 60), wall, gpu, disk)

    def peak_mb(self, node: Node) -> float | None:
        """Memory to ask for: the most that like jobs took, and a quarter more; None with fewer than three of them."""
        peak = self.law_of(_key(node)).peak_mb
        return None if peak is None else peak * MEMORY_MARGIN

    def law_of(self, key: _Key) -> "_Law":
        """What is known of a stage and its back ends."""
        if key not in self._laws:
            self._laws[key] = self._learn(key)
        return self._laws[key]

    def _learn(self, key: _Key) -> "_Law":
        stage, backends = key
        if stage not in self._facts:
            self._facts[stage] = self._index.of_stage(stage, LOOKED_AT) if self._index else []
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
            quantile([f.peak_mb for _, f in sized], 0.95) if len(sized) >= ENOUGH else None,
        )

    def _declared(self, fact: Fact) -> tuple[float, float] | None:
        """CPU and wall seconds that today's stage declares for an artifact; None when it no longer takes its params."""
        inputs = self._index.inputs(fact.address) if self._index else None
        stage = REGISTRY[fact.stage]
        try:
            need = stage.cost(stage.params.model_validate((inputs or {}).get("params", {})))
        except ValueError:
            return None
        return need.cpu * need.minutes * 60, need.minutes * 60


def estimate(plan: Plan, model: CostModel, rates: Rates | None = None, cores: int = 1) -> Estimate:
    """What building a plan's missing nodes takes."""
    costs = [(node, model.node(node)) for node in plan.build()]
    return total(costs, plan, model, rates, cores)


def total(costs: Sequence[tuple[Node, NodeCost]], plan: Plan, model: CostModel, rates: Rates | None, cores: int) -> Estimate:
    """The sum over nodes with known costs."""
    if not costs:
        return Estimate(cores=cores, money=Band() if rates else None, currency=rates.currency if rates else "")
    by_key: dict[_Key, list[NodeCost]] = defaultdict(list)
    for node, cost in costs:
        by_key[_key(node)].append(cost)
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
    return Estimate(
        cpu,
        gpu,
        disk,
        known / len(costs),
        measured * 1 / 3600 / cpu.value if cpu.value else 1.0,
        max(cpu.value / cores, _critical_path(plan, costs) / 3600),
        cores,
        money,
        rates.currency if rates else "",
    )


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


def _critical_path(plan: Plan, costs: Sequence[tuple[Node, NodeCost]]) -> float:
    """Seconds of the longest chain of jobs that wait for each other."""
    ends: dict[tuple[str, str], float] = {}
    for node, cost in costs:  # parents come first
        begin = max((ends.get(p.address, 0.0) for p in node.parents()), default=0.0)
        ends[node.address] = begin + cost.wall_s
    return max(ends.values(), default=0.0)


def _preferred(chosen: list[Fact], otherwise: list[Fact]) -> list[Fact]:
    return chosen if len(chosen) >= ENOUGH else otherwise


def _key(node: Node) -> _Key:
    return node.stage.name, backends_text(node.backends)
