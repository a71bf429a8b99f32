"""Gates: whether a band clears a threshold. In between is undecided, which is an answer."""

from collections.abc import Mapping
from dataclasses import dataclass

from runtime.bound.gate import GateRule
from runtime.stats.band import Band
from runtime.stats.status import Status


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
    if isinstance(rule.threshold, tuple):  # of `between`
        low, high = rule.threshold
        inside, outside = low <= band.low and band.high <= high, band.high < low or band.low > high
    else:
        end, covered = rule.threshold, band.contains(rule.threshold)
        inside, outside = {
            "at_least": (band.low >= end, band.high < end),
            "above": (band.low > end, band.high <= end),
            "at_most": (band.high <= end, band.low > end),
            "below": (band.high < end, band.low >= end),
            "contains": (covered, not covered),
        }[rule.comparator]
    if inside:
        return Status.PASSED
    return Status.FAILED if outside else Status.UNDECIDED


def margin(rule: GateRule, value: float, band: tuple[float, float] | None) -> float:
    """By how much the whole band (or the value without one) clears the rule: below zero it does not."""
    low, high = band or (value, value)
    if isinstance(rule.threshold, tuple):  # of `between`
        return min(low - rule.threshold[0], rule.threshold[1] - high)
    if rule.comparator == "contains":
        return min(rule.threshold - low, high - rule.threshold)
    return low - rule.threshold if rule.comparator in ("at_least", "above") else rule.threshold - high


def distance(rule: GateRule, value: float) -> float:
    """From the value to the nearest threshold: the half-width at which a band would decide."""
    ends = rule.threshold if isinstance(rule.threshold, tuple) else (rule.threshold,)
    return min(abs(value - end) for end in ends)


def wanted(rule: GateRule) -> str:
    """What the rule asks for, in words, such as `at least 20`."""
    if isinstance(rule.threshold, tuple):
        return f"between {rule.threshold[0]:g} and {rule.threshold[1]:g}" + (
            " times the median of runs made alike" if rule.of else ""
        )
    words = "to cover" if rule.comparator == "contains" else rule.comparator.replace("_", " ")
    return f"{words} {rule.threshold:g}" + (" times the median of runs made alike" if rule.of else "")


def lookup(metrics: Mapping[str, object], name: str) -> float | None:
    """A number that a stage recorded; dots reach into nested metrics. None where there is none."""
    value = metrics.get(name)
    if value is None:
        value = metrics
        for part in name.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        return None
    return float(value)
