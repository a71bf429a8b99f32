"""What follows from how key figures moved over the weeks: the rules of `runtime.stats.kpi.decision` over an approach's own
history.

The rules speak of success in simulation and in reality. In simulation that is the policy's: the scripted expert of a
good twin succeeds nearly always, so that its rate cannot rise; it stands in only where no policy was tried there.
"""

from collections import defaultdict
from collections.abc import Sequence

from runtime.bound.domain import DOMAINS, REAL, SIMULATED, Domain
from runtime.report.forms.kpi import History, Kpi, KpiTrend, Moved
from runtime.stats.band import Band
from runtime.stats.kpi.decision import Change, decide, over_weeks
from runtime.stats.kpi.figures import Figure
from runtime.stats.kpi.week import week_number

FEWEST_WEEKS = 3
"""A line through two points has no band."""
READ_AS: dict[Kpi, list[tuple[Kpi, Domain]]] = {
    "world_model": [(kpi, domain) for kpi in ("policy_in_world_model", "world_model") for domain in SIMULATED],
    "irl": [(DOMAINS[domain].figure, domain) for domain in reversed(REAL)],
}
"""What a rule asks for -> (figure, domain) that answers it, the first that has a trend."""
_WORDS = {"world_model": "success in simulation over the weeks", "irl": "success outside of simulation over the weeks"}


def trends(figures: Sequence[Figure], approaches: Sequence[str], level: float) -> list[KpiTrend]:
    """One entry per approach that was measured: its trend in every figure, and the recommendation, as JSON.

    `rule` is None and `because` empty where no figure has enough weeks; `advice` then says so.
    """
    return [
        _of_approach(approach, mine, level)
        for approach in approaches
        if (mine := [f for f in figures if f.approach == approach and f.location is None])
    ]


def _of_approach(approach: str, figures: Sequence[Figure], level: float) -> KpiTrend:
    series: dict[tuple[Kpi, Domain | None, Domain | None], list[Figure]] = defaultdict(list)
    for figure in figures:
        series[figure.series].append(figure)
    moved = {key: change for key, rows in series.items() if (change := change_of(rows, level))}
    chosen = {
        asked: next((key for kpi, domain in wanted for key in moved if key[:2] == (kpi, domain)), None)
        for asked, wanted in READ_AS.items()
    }
    weeks = len({figure.week for figure in figures})
    shifts = [_moved(series[key], change) for key, change in moved.items()]
    found: History = {"approach": approach, "weeks": weeks, "moved": shifts}
    if not any(chosen.values()):
        lacking = "" if not moved else " of success in simulation or outside of it"
        advice = f"a trend needs {_count(FEWEST_WEEKS)}{lacking}: so far there {'is' if weeks == 1 else 'are'} {weeks}"
        return {**found, "rule": None, "advice": advice, "because": []}
    said = decide(
        {asked: moved[key] for asked, key in chosen.items() if key is not None},
        words=_WORDS,
        more="more weeks, or more seeds at each location,",
    )
    because: list[Moved] = []
    for number in said["because"]:
        asked, key = number["kpi"], chosen[number["kpi"]]
        if key is not None:
            because.append({**_moved(series[key], moved[key]), "asked": asked})
        else:
            because.append({"domain": None, "asked": asked, "kpi": asked, "trend": "not run", "value": None, "band": None})
    return {**found, "rule": said["rule"], "advice": said["advice"], "because": because}


def change_of(rows: Sequence[Figure], level: float) -> Change | None:
    """How a figure moved from its first week to its last; None with fewer than three weeks."""
    if len({row.week for row in rows}) < FEWEST_WEEKS:
        return None
    numbers = [week_number(row.week) for row in rows]
    return over_weeks(
        [float(n - min(numbers)) for n in numbers], [row.value for row in rows], level, [row.band.width / 2 for row in rows]
    )


def _moved(rows: Sequence[Figure], change: Change) -> Moved:
    first, last = min(rows, key=lambda r: r.week), max(rows, key=lambda r: r.week)
    better = change
    if first.kpi == "gap":  # it improves where it shrinks
        better = Change(-change.value, Band(-change.band.high, -change.band.low))
    return {
        "kpi": first.kpi,
        "domain": first.domain,
        "real": first.real,
        "trend": better.trend().value,
        "value": round(change.value, 4),
        "band": change.band.to_json(),
        "weeks": len(rows),
        "first": {"week": first.week, "value": round(first.value, 4)},
        "last": {"week": last.week, "value": round(last.value, 4)},
    }


def _count(weeks: int) -> str:
    return {3: "three weeks"}.get(weeks, f"{weeks} weeks")
