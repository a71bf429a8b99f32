"""Gates: whether a band clears a threshold. In between is undecided, which is an answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runtime.bound.gate import GateRule
from runtime.stats.band import Band
from runtime.stats.status import Status

WORDS = {
    "at_least": "at least",
    "at_most": "at most",
    "above": "above",
    "below": "below",
    "between": "between",
    "contains": "to cover",
}


@dataclass(frozen=True)
class Measure:
    """A value that a gate judges. `band` is None for a deterministic metric, which then compares directly.

    `bounded` is False for the band of a single training seed: it covers all that is possible and shows nothing, so it
    must not pass a rule that a wide band suits, such as `contains`.
    """

    label: str
    value: float
    band: Band | None
    n: int
    bounded: bool = True


def judge(rule: GateRule, measure: Measure) -> Status:
    """Passed only if the whole band clears the threshold, failed only if it clears it the other way."""
    if not measure.bounded:
        return Status.UNDECIDED
    band = measure.band or Band(measure.value, measure.value)
    if rule.comparator == "contains":
        return Status.PASSED if band.contains(_one(rule)) else Status.FAILED
    if rule.comparator == "between":
        low, high = _two(rule)
        if low <= band.low and band.high <= high:
            return Status.PASSED
        return Status.FAILED if band.high < low or band.low > high else Status.UNDECIDED
    threshold = _one(rule)
    inside, outside = {
        "at_least": (band.low >= threshold, band.high < threshold),
        "above": (band.low > threshold, band.high <= threshold),
        "at_most": (band.high <= threshold, band.low > threshold),
        "below": (band.high < threshold, band.low >= threshold),
    }[rule.comparator]
    if inside:
        return Status.PASSED
    return Status.FAILED if outside else Status.UNDECIDED


def distance(rule: GateRule, value: float) -> float:
    """From the value to the nearest threshold: the half-width at which a band would decide."""
    ends = rule.threshold if isinstance(rule.threshold, tuple) else (rule.threshold,)
    return min(abs(value - end) for end in ends)


def wanted(rule: GateRule) -> str:
    """What the rule asks for, in words, such as `at least 20`."""
    if isinstance(rule.threshold, tuple):
        return f"between {rule.threshold[0]:g} and {rule.threshold[1]:g}"
    return f"{WORDS[rule.comparator]} {rule.threshold:g}"


def lookup(metrics: Mapping[str, Any], name: str) -> float | None:
    """A number that a stage recorded; dots reach into nested metrics. None where there is none."""
    value: Any = metrics.get(name)
    if value is None:
        value = metrics
        for part in name.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        return None
    return float(value)


def _one(rule: GateRule) -> float:
    assert not isinstance(rule.threshold, tuple)
    return rule.threshold


def _two(rule: GateRule) -> tuple[float, float]:
    assert isinstance(rule.threshold, tuple)
    return rule.threshold
