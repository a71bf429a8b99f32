"""Time to success: a trial that failed had not succeeded by the horizon, one that was cut short is censored where it ended.

Curves are Kaplan and Meier's (1958). What is compared is the mean time restricted to the horizon (Royston and Parmar 2013),
which needs no proportional hazards. With nothing censored that is a mean of one number a trial; else each trial has its
pseudo-observation (Andersen, Klein and Rosthoj 2003), which may lie beyond 0 and 1. Either way these numbers take the path of
success rates and uplift: the unit is the training run, trials pair by initial state.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import pyarrow as pa
from scipy import stats

from runtime.bound.domain import Domain
from runtime.report.forms.base import Band, Direction
from runtime.report.forms.duration import Saved, TimeRow, Times
from runtime.stats.inference.rate import rate_of
from runtime.stats.inference.uplift import comparable, uplift_of
from runtime.stats.table.outcomes import Trials
from runtime.stats.table.pairing import without_copies
from runtime.stats.table.table import rows

CUT_SHORT = "cut_short"
"""The failure mode of a trial that ended without a verdict; `rename: {failure_mode: {aborted: cut_short}}` in a mapping."""
POINTS = 13
"""Times at which a curve is drawn, the horizon among them."""
_WAYS: dict[Direction, Literal["faster", "slower", "undecided"]] = {
    "helps": "faster",
    "hurts": "slower",
    "undecided": "undecided",
}
LEAST_KNOWN = 0.99
"""Share of trials whose steps must be known."""


def times(
    table: pa.Table,
    order: Sequence[str],
    baseline: str | None,
    level: float,
    clocks: Mapping[tuple[Domain, str], tuple[float, float]],
    shared_training: bool = False,
) -> list[Times]:
    """Times of every task in every domain whose trials say how many steps they took.

    Args:
        table: trials.
        order: approaches, as rows should follow each other.
        baseline: the approach that others are compared with.
        level: of every band.
        clocks: (domain, task) -> control steps a second, and the horizon in steps; where it is not known times are in steps,
            and the longest trial says the horizon.
        shared_training: whether one training run serves all locations.
    """
    found = []
    for domain, task in sorted(set(rows(table, "domain", "task"))):
        here = [d == domain and t == task for d, t in rows(table, "domain", "task")]
        mine = table.filter(pa.array(here))
        known = mine.filter(mine["steps"].is_valid())
        if known.num_rows < LEAST_KNOWN * mine.num_rows:
            continue
        longest = max(known["steps"].to_pylist())
        hertz, horizon = clocks.get((domain, task), (0.0, float(longest)))
        if longest > 0 and known["success"].unique().to_pylist() != [False]:
            found.append(_times(known, domain, task, order, baseline, level, hertz, max(horizon, longest), shared_training))
    return found


def _times(
    table: pa.Table,
    domain: Domain,
    task: str,
    order: Sequence[str],
    baseline: str | None,
    level: float,
    hertz: float,
    horizon: float,
    shared_training: bool,
) -> Times:
    scale, unit = (1 / hertz, "s") if hertz else (1.0, "steps")
    grid = np.linspace(0, horizon, POINTS)[1:]
    (early, ends), *reached = _numbers(table, horizon, grid)
    trials, wide = Trials.of(early, "score"), ends[1] - ends[0]
    once = without_copies(table)
    names = [a for a in order if (a, domain) in trials.outcomes]
    counted = Trials.of(once)

    def share(approach: str, column: pa.Table, ends: tuple[float, float] = (0.0, 1.0), by: str = "score") -> tuple[float, Band]:
        own = Trials.of(without_copies(column), by)
        places, fixed = own.places(approach, domain), (approach, domain) in own.fixed
        rate = rate_of(approach, domain, places, level, shared_training and len(places) > 1, fixed).estimate
        value, low, high = (
            float(np.clip(100 * ends[0] + (ends[1] - ends[0]) * x, 0, 100)) for x in (rate.value, *rate.band.to_json())
        )
        return value, (round(low, 4), round(high, 4))

    found: list[TimeRow] = []
    for approach in names:
        value, (low, high) = share(approach, early, ends)
        curve = [(t, *share(approach, *column)) for t, column in zip(grid, reached, strict=True)]
        own = once.filter(pa.array([a == approach for a in once["approach"].to_pylist()]))
        middle = _median(own, horizon)
        compared = baseline is not None and approach != baseline and comparable(trials, approach, baseline, domain)
        gained = (
            uplift_of(trials, approach, baseline or "", domain, compared, level, shared_training and len(compared) > 1)
            if compared
            else None
        )
        saved: Saved | None = None
        if gained is not None:
            least, most = (round(scale * horizon * wide * x / 100, 4) for x in gained.estimate.band.to_json())
            saved = {
                "value": round(scale * horizon * wide * gained.estimate.value / 100, 4),
                "band": (least, most),
                "direction": _WAYS[gained.direction],
            }
        found.append(
            {
                "approach": approach,
                "trials": own.num_rows,
                "cut_short": sum(mode == CUT_SHORT for mode in own["failure_mode"].to_pylist()),
                "success": round(rate_of(approach, domain, counted.places(approach, domain), level).estimate.value, 4),
                "score": None if own["score"].null_count else round(share(approach, once)[0], 4),
                "mean": round(scale * horizon * (1 - value / 100), 4),
                "band": (round(scale * horizon * (1 - high / 100), 4), round(scale * horizon * (1 - low / 100), 4)),
                "median": None if middle is None else round(scale * middle, 4),
                "saved": saved,
                "curve": [{"time": round(scale * t, 4), "value": round(v, 4), "band": band} for t, v, band in curve],
            }
        )
    return {"domain": domain, "task": task, "unit": unit, "horizon": round(scale * horizon, 4), "level": level, "rows": found}


def _numbers(table: pa.Table, horizon: float, grid: np.ndarray) -> list[tuple[pa.Table, tuple[float, float]]]:
    """The table with, for its score, how much of the horizon was left at success; and once for each time of `grid` with
    whether it had succeeded by then. Of sets with censored trials these are pseudo-observations. With each the numbers that a
    score of 0 and of 1 stand for: cutting off what lies beyond 0 and 1 would move the mean."""
    time, event = _observed(table, horizon)
    left, by = 1 - np.minimum(time, horizon) / horizon, (time[None, :] <= grid[:, None]) & event
    left = np.where(event, left, 0.0)
    by = by.astype(float)
    cut = np.array([mode == CUT_SHORT for mode in table["failure_mode"].to_pylist()]) & ~event
    approaches = np.array(table["approach"].to_pylist())
    for approach in set(approaches[cut].tolist()):
        own = np.flatnonzero(approaches == approach)
        whole = _functionals(time[own], event[own], horizon, grid)
        for key in set(zip(time[own].tolist(), event[own].tolist(), strict=True)):
            same = own[(time[own] == key[0]) & (event[own] == key[1])]
            rest = np.delete(own, np.flatnonzero(own == same[0]))
            pseudo = len(own) * whole - (len(own) - 1) * _functionals(time[rest], event[rest], horizon, grid)
            left[same], by[:, same] = pseudo[0], pseudo[1:, None]
    at = table.column_names.index("score")
    found = []
    for column in (left, *by):
        low, high = min(0.0, float(column.min())), max(1.0, float(column.max()))
        found.append((table.set_column(at, "score", pa.array(np.clip((column - low) / (high - low), 0, 1))), (low, high)))
    return found


def _observed(table: pa.Table, horizon: float) -> tuple[np.ndarray, np.ndarray]:
    """Time [N] in steps and whether success was seen then; else the trial is censored there."""
    steps = np.array(table["steps"].to_pylist(), float)
    won = np.array(table["success"].to_pylist(), bool)
    cut = np.array([mode == CUT_SHORT for mode in table["failure_mode"].to_pylist()])
    return np.where(won | cut, np.minimum(steps, horizon), horizon), won


def _functionals(time: np.ndarray, event: np.ndarray, horizon: float, grid: np.ndarray) -> np.ndarray:
    """Share of the horizon that is left at success on average, and the share that has succeeded by each time of `grid`."""
    if not event.any():
        return np.zeros(1 + len(grid))
    cdf = stats.ecdf(stats.CensoredData(uncensored=time[event], right=time[~event])).cdf
    at, rise = cdf.quantiles, np.diff(cdf.probabilities, prepend=0.0)
    return np.concatenate([[float((rise * (1 - at / horizon)).sum())], cdf.evaluate(grid)])


def _median(table: pa.Table, horizon: float) -> float | None:
    """Time by which half had succeeded."""
    time, event = _observed(table, horizon)
    if not event.any():
        return None
    cdf = stats.ecdf(stats.CensoredData(uncensored=time[event], right=time[~event])).cdf
    past = np.flatnonzero(cdf.probabilities >= 0.5 - 1e-12)
    return float(cdf.quantiles[past[0]]) if len(past) else None
