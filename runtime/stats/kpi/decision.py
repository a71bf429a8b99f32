"""What to do next: rules over how the key figures of a location or a study moved, with the numbers that triggered them.

A figure *stalls* only if its whole band lies between the least change worth having and the least loss worth minding. Where
only its low end lies beyond, it does not improve, and may harm. A band that is merely wide decides nothing: then the
recommendation is to measure more, and it says what.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

import numpy as np
from scipy import stats

from runtime.report.forms.kpi import Advice, Kpi, Number
from runtime.stats.band import Band

WORTHWHILE = 5.0
"""Least change that is worth having, in points."""

KPIS: dict[Kpi, str] = {
    "artifact_pass_rate": "share of appearance variants that pass orientation, duration and quality checks",
    "world_model": "success on held-out scripted tasks in the world model (or twin)",
    "policy_in_world_model": "success of the policy in the adapted world model",
    "irl_proxy": "success of the policy at the hidden site that stands in for the place",
    "irl": "success on the real robot (or at the hidden stand-in site)",
    "gap": "world-model success minus IRL success",
}
"""The pack of key figures for a location; all in points."""


class Trend(StrEnum):
    """How a figure moved."""

    IMPROVES = "improves"
    STALLS = "stalls"
    MAY_HARM = "does not improve, may harm"
    WORSENS = "worsens"
    UNDECIDED = "undecided"
    NOT_RUN = "not run"


@dataclass(frozen=True)
class Change:
    """Change of one key figure, in points: an uplift over the baseline, or from the first week to the last."""

    value: float
    band: Band

    def trend(self, worthwhile: float = WORTHWHILE) -> Trend:
        """Improves above zero, worsens below it; else stalls where the whole band is less than worthwhile to either side."""
        if self.band.low > 0:
            return Trend.IMPROVES
        if self.band.high < 0:
            return Trend.WORSENS
        if self.band.high >= worthwhile:
            return Trend.UNDECIDED
        return Trend.STALLS if self.band.low > -worthwhile else Trend.MAY_HARM


@dataclass(frozen=True)
class Rule:
    """`when` every figure named has one of the trends, `advice` follows."""

    name: str
    when: Mapping[Kpi, tuple[Trend, ...]]
    advice: str


_NO_GAIN = (Trend.STALLS, Trend.MAY_HARM, Trend.WORSENS)
RULES = (
    Rule(
        "exploitation",
        {"world_model": (Trend.IMPROVES,), "irl": (Trend.WORSENS,)},
        "roll back: what was gained in simulation was lost outside of it, so the policy exploits the model",
    ),
    Rule(
        "robustness",
        {"world_model": (Trend.IMPROVES,), "irl": (Trend.STALLS, Trend.MAY_HARM)},
        "robustness to the gap first: domain randomisation, retrieval context, hard negatives",
    ),
    Rule("coverage", {"world_model": _NO_GAIN, "irl": _NO_GAIN}, "coverage and task diversity first, before any further method"),
    Rule(
        "simulation-misses-it",
        {"world_model": _NO_GAIN, "irl": (Trend.IMPROVES,)},
        "keep the approach, and mend the simulation: it does not see what helps outside of it",
    ),
    Rule(
        "roll-out",
        {"world_model": (Trend.IMPROVES,), "irl": (Trend.IMPROVES,)},
        "roll out to further locations: it helps in simulation and outside of it",
    ),
)
"""The first rule that holds is the recommendation."""


def decide(
    changes: Mapping[str, Change],
    worthwhile: float = WORTHWHILE,
    rules: Sequence[Rule] = RULES,
    words: Mapping[str, str] = MappingProxyType({}),
    more: str = "more seeds",
) -> Advice:
    """The recommendation and the numbers behind it, as JSON.

    Args:
        changes: key figure -> its change; one that is absent was not measured.
        worthwhile: least change that is worth having, in points.
        rules: tried in order.
        words: key figure -> what advice calls it, where that is not its name.
        more: what narrows a wide band, in words.

    Returns:
        `rule` None when no rule holds; `advice` then says what is to be measured. `because` holds the figures that the
        rule looked at, or those that are open.
    """
    trends = {name: change.trend(worthwhile) for name, change in changes.items()}
    for rule in rules:
        if all(trends.get(name, Trend.NOT_RUN) in wanted for name, wanted in rule.when.items()):
            return {"rule": rule.name, "advice": rule.advice, "because": _numbers(rule.when, changes, trends)}
    asked = tuple(dict.fromkeys(name for rule in rules for name in rule.when))
    absent = [name for name in asked if name not in changes]
    if absent:
        advice = f"measure first: nothing is known of {' and '.join(words.get(name, f'`{name}`') for name in absent)}"
        return {"rule": None, "advice": advice, "because": _numbers(asked, changes, trends)}
    wide = [name for name in asked if trends[name] is Trend.UNDECIDED]
    advice = f"{more} first: {' and '.join(words.get(name, f'`{name}`') for name in wide)} may have improved or not"
    advice = advice if wide else "no rule speaks of this: decide by hand"
    return {"rule": None, "because": _numbers(asked, changes, trends), "advice": advice}


def over_weeks(
    weeks: Sequence[float], values: Sequence[float], level: float = 0.95, reaches: Sequence[float] | None = None
) -> Change | None:
    """Change of a figure from the first week to the last by a straight line through all, with Student's t on its slope.

    Args:
        weeks: time of each value, in weeks.
        values: the figure, in points.
        reaches: half the width of each value's own band at `level`. A few weeks may lie on a line by chance: the band
            of the change is not believed to be narrower than what these make of it.

    Returns:
        None with fewer than three values, or all of one week: a line through two has no band.
    """
    if len(weeks) < 3 or len(set(weeks)) < 2:
        return None
    away, y = np.asarray(weeks, float) - np.mean(weeks), np.asarray(values, float)
    spread, span = float((away**2).sum()), max(weeks) - min(weeks)
    slope = float((away * y).sum()) / spread
    left_over = float(((y - y.mean() - slope * away) ** 2).sum()) / (len(y) - 2)
    reach = float(stats.t.ppf((1 + level) / 2, len(y) - 2)) * (left_over / spread) ** 0.5 * span
    if reaches is not None:
        reach = max(reach, span * float(np.linalg.norm(away * np.asarray(reaches))) / spread)
    value = slope * span
    return Change(value, Band(value - reach, value + reach))


def _numbers(names: Iterable[Kpi], changes: Mapping[str, Change], trends: Mapping[str, Trend]) -> list[Number]:
    return [
        {
            "kpi": name,
            "meaning": KPIS[name],
            "trend": trends.get(name, Trend.NOT_RUN).value,
            "value": round(changes[name].value, 4) if name in changes else None,
            "band": changes[name].band.to_json() if name in changes else None,
        }
        for name in names
    ]
