"""What a study may cost against what its stages declare."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from compiler.diagnostics.diagnostic import Diagnostic, Note
from compiler.graph.node import Graph
from compiler.laws.subject import Subject
from compiler.spec.study import Rates

LARGEST = 3
"""Stages that are named as what takes most."""


@dataclass(frozen=True)
class Declared:
    """Hours of one stage's nodes, as the stage declares them."""

    cpu_hours: float = 0.0
    gpu_hours: float = 0.0
    nodes: int = 0

    def money(self, rates: Rates) -> float:
        """At the study's rates."""
        return self.cpu_hours * rates.cpu_hour + self.gpu_hours * rates.gpu_hour


def declared_cost(graph: Graph) -> dict[str, Declared]:
    """Stage -> what building all its nodes takes, nothing reused."""
    cpu: defaultdict[str, float] = defaultdict(float)
    gpu: defaultdict[str, float] = defaultdict(float)
    count: Counter[str] = Counter()
    for node in graph.nodes.values():
        need, stage = node.setting.resources, node.stage.name
        cpu[stage] += need.cpu * need.minutes / 60
        gpu[stage] += need.gpu * need.minutes / 60
        count[stage] += 1
    return {stage: Declared(cpu[stage], gpu[stage], count[stage]) for stage in count}


def over_budget(subject: Subject, name: str, graph: Graph) -> Iterator[Diagnostic]:
    """X435: building everything would take more than the study's budget, as the stages declare their cost."""
    study = subject.project.studies[name]
    limits = {
        "cpu_hours": (study.budget.cpu_hours, "CPU-hours"),
        "gpu_hours": (study.budget.gpu_hours, "GPU-hours"),
        "money": (study.budget.money, study.rates.currency if study.rates else ""),
    }
    if study.budget.money is not None and study.rates is None:
        message = "the budget limits money, but the study has no `rates` to reckon it by"
        yield subject.at("study", name, ("budget", "money"), "X435", message, "add `rates: {cpu_hour: …, gpu_hour: …}`")
        limits.pop("money")
    if all(limit is None for limit, _ in limits.values()):
        return
    by_stage = declared_cost(graph)
    for key, (limit, unit) in limits.items():
        spent = {stage: _amount(cost, key, study.rates) for stage, cost in by_stage.items()}
        total = sum(spent.values())
        if limit is not None and total > limit:
            message = f"the study would take {_shown(total)} {unit}, and its budget is {limit:g}"
            most = sorted(spent, key=lambda s: -spent[s])[:LARGEST]
            notes = tuple(
                Note(f"`{s}`: {by_stage[s].nodes} node{'s' * (by_stage[s].nodes != 1)}, {_shown(spent[s])} {unit}")
                for s in most
                if spent[s] > 0
            )
            fix = "raise the budget, or plan fewer locations, approaches or seeds, or cheaper stages"
            yield subject.at("study", name, ("budget", key), "X435", message, fix, notes=notes)


def _amount(cost: Declared, key: str, rates: Rates | None) -> float:
    if key == "money":
        return cost.money(rates) if rates else 0.0
    return cost.cpu_hours if key == "cpu_hours" else cost.gpu_hours


def _shown(amount: float) -> str:
    return f"{amount:.3g}" if amount < 100 else f"{amount:,.0f}"
