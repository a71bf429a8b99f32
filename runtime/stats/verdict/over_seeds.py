"""A stage's metric over training seeds: the mean, with a band that tells how far luck of the seed may have moved it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from runtime.bound.gate import GateRule
from runtime.stats.band import Band
from runtime.stats.verdict.alike import seeds_of
from runtime.stats.verdict.gate import Measure, lookup


def of_seeds(rule: GateRule, found: Sequence[tuple[str, Mapping[str, Any]]], level: float) -> list[Measure]:
    """A measure of each label: the mean of the seeds' values, and Student's t on their spread.

    Runs of one seed (at several locations) count as one, by their mean: what they share is not known. With one seed the band is
    unbounded.

    Args:
        found: (label, manifest) of the artifacts; each has recorded the metric.
    """
    from scipy.stats import t

    values: dict[str, dict[object, list[float]]] = defaultdict(lambda: defaultdict(list))
    for label, manifest in found:
        seed = tuple(manifest["params"].get(name) for name in sorted(seeds_of(manifest)))
        value = lookup(manifest["metrics"], rule.metric)
        if value is not None:
            values[label][seed].append(value)
    measures = []
    for label, by_seed in values.items():
        means = [sum(one) / len(one) for one in by_seed.values()]
        n, mean = len(means), sum(means) / len(means)
        reach = float("inf")
        if n > 1:
            spread = (sum((value - mean) ** 2 for value in means) / (n - 1)) ** 0.5
            reach = float(t.ppf((1 + level) / 2, n - 1)) * spread / n**0.5
        measures.append(Measure(label, mean, Band(mean - reach, mean + reach) if n > 1 else None, n, bounded=n > 1))
    return measures
