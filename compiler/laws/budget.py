"""What a study may cost against what its stages declare."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from math import fsum

from compiler.diagnostics.diagnostic import Diagnostic, Note
from compiler.graph.graph import Graph
from compiler.graph.node import Node
from compiler.graph.rollouts import development, recorded
from compiler.laws.alike import Sampled
from compiler.laws.subject import Subject
from compiler.spec.study import Rates
from runtime.stage import Resources

LARGEST = 3
"""Stages that are named as what takes most."""


def declared_cost(graph: Graph, rates: Rates | None) -> tuple[dict[str, dict[str, float]], Counter[str]]:
    """Limit of a budget -> stage -> what building all its nodes takes as the stage declares it; and stage -> nodes."""
    times = graph.times if isinstance(graph, Sampled) else {}
    alike: Counter[tuple[str, Resources]] = Counter()
    for address, node in graph.nodes.items():
        alike[node.stage.name, node.setting.resources] += times.get(address, 1)
    cpu, gpu, count = {}, {}, Counter[str]()
    for stage in dict.fromkeys(stage for stage, _ in alike):
        needs = [(number * need.minutes / 60, need) for (name, need), number in alike.items() if name == stage]
        cpu[stage] = fsum(hours * need.cpu for hours, need in needs)
        gpu[stage] = fsum(hours * need.gpu for hours, need in needs)
        count[stage] = sum(number for (name, _), number in alike.items() if name == stage)
    money = {stage: cpu[stage] * rates.cpu_hour + gpu[stage] * rates.gpu_hour for stage in count} if rates else {}
    return {"cpu_hours": cpu, "gpu_hours": gpu, "money": money}, count


def over_budget(subject: Subject, name: str, graph: Graph) -> Iterator[Diagnostic]:
    """X435: building everything would take more than the study's budget, as the stages declare their cost."""
    study = subject.project.studies[name]
    budget, rates = study.budget, study.rates
    limits = [("cpu_hours", budget.cpu_hours, "CPU-hours"), ("gpu_hours", budget.gpu_hours, "GPU-hours")]
    if rates is not None:
        limits.append(("money", budget.money, rates.currency))
    elif budget.money is not None:
        message = "the budget limits money, but the study has no `rates` to reckon it by"
        yield subject.at("study", name, ("budget", "money"), "X435", message, "add `rates: {cpu_hour: …, gpu_hour: …}`")
    limits.append(("dev_rollouts", budget.dev_rollouts, "rollouts in twins for development"))
    limits.append(("real_steps", budget.real_steps, "control steps at real places"))
    if all(limit is None for _, limit, _ in limits):
        return
    declared, count = declared_cost(graph, rates)
    declared["dev_rollouts"] = _each(graph, development, "twin")
    declared["real_steps"] = _each(graph, recorded, "control_steps")
    for key, limit, unit in limits:
        spent = declared[key]
        total = sum(spent.values())
        if limit is not None and total > limit:
            message = f"the study would take {_shown(total)} {unit}, and its budget is {limit:g}"
            most = [s for s in sorted(spent, key=lambda s: -spent[s])[:LARGEST] if spent[s] > 0]
            notes = tuple(Note(f"`{s}`: {count[s]} node{'s' * (count[s] != 1)}, {_shown(spent[s])} {unit}") for s in most)
            help = "raise the budget, or plan fewer locations, approaches or seeds, or cheaper stages"
            yield subject.at("study", name, ("budget", key), "X435", message, help, notes=notes)


def _each(graph: Graph, count: Callable[[Iterable[tuple[Node, int]]], Counter[str]], what: str) -> dict[str, float]:
    """Stage -> what all its nodes are counted at, at most."""
    times = graph.times if isinstance(graph, Sampled) else {}
    found: dict[str, float] = {}
    for address, node in graph.nodes.items():
        found[node.stage.name] = found.get(node.stage.name, 0) + count([(node, times.get(address, 1))])[what]
    return found


def _shown(amount: float) -> str:
    return f"{amount:.3g}" if amount < 100 else f"{amount:,.0f}"
