"""Runs that were made alike: of one stage, with the same parameters and parents, and nothing else but another training seed."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from runtime.bound.gate import GateRule
from runtime.stage import load_stages
from runtime.stats.verdict.gate import lookup


def recipe(manifest: Mapping[str, Any]) -> tuple[object, ...]:
    """All that an artifact was made from, but for its seed."""
    seeded = seeds_of(manifest)
    params = {k: v for k, v in manifest["params"].items() if k not in seeded}
    return manifest["stage"], manifest["version"], params, manifest["parents"]


def of_median(rule: GateRule, found: Sequence[tuple[str, Mapping[str, Any]]]) -> list[tuple[str, float]]:
    """Of each label the run that is worst for the rule, by its metric over the median of the runs made alike.

    Args:
        found: (label, manifest) of the artifacts; one without the metric is left out.
    """
    groups: dict[str, list[tuple[str, Mapping[str, Any], float]]] = defaultdict(list)
    for label, manifest in found:
        value = lookup(manifest["metrics"], rule.metric)
        if value is not None:
            groups[label + json.dumps(recipe(manifest), sort_keys=True, default=str)].append((label, manifest, value))
    worst: dict[str, tuple[str, float]] = {}
    sign = -1 if rule.comparator in ("at_least", "above") else 1
    for group in groups.values():
        middle = median(value for *_, value in group)
        for label, manifest, value in group:
            quotient = value / middle if middle else 1.0
            seeds = ", ".join(f"{name} {manifest['params'].get(name)}" for name in sorted(seeds_of(manifest)))
            if label not in worst or sign * quotient > sign * worst[label][1]:
                worst[label] = f"{label}, {manifest['stage']} of {seeds}".lstrip(", "), quotient
    return list(worst.values())


def seeds_of(manifest: Mapping[str, Any]) -> set[str]:
    """Names of the parameters that are training seeds."""
    stage = load_stages().get(manifest["stage"])
    return {name for name, source in stage.bound.items() if source == "seed"} if stage else {"seed"}
