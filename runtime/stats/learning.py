"""Learning curves: success against demonstrations or steps, with bands over training runs, area, sample efficiency."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from runtime.stats.band import Band
from runtime.stats.group import Outcomes, rate_group
from runtime.stats.inference import Estimate, estimate
from runtime.stats.rate import POINTS


@dataclass(frozen=True)
class Point:
    """The rate after `amount` of whatever the curve is drawn against."""

    amount: float
    estimate: Estimate


def curve(runs: Mapping[float, Mapping[int, Outcomes]], level: float) -> list[Point]:
    """One point per amount, in order; `runs` is amount -> seed -> outcomes. Each band stands alone."""
    return [
        Point(amount, estimate([rate_group(runs[amount], level)], level, POINTS, logit=True)) for amount in sorted(runs)
    ]


def area(amounts: Sequence[float], rates: Sequence[float]) -> float:
    """Mean height of a curve over its range, by trapezoids: in the units of `rates`.

    Raises:
        ValueError: when the amounts do not rise, or are fewer than two.
    """
    x, y = np.asarray(amounts, dtype=float), np.asarray(rates, dtype=float)
    if len(x) < 2 or len(x) != len(y) or (np.diff(x) <= 0).any():
        raise ValueError("an area needs two or more rising amounts and a rate for each")
    return float(np.trapezoid(y, x) / (x[-1] - x[0]))


def needed_for(amounts: Sequence[float], rates: Sequence[float], target: float) -> float | None:
    """The least amount at which the curve, straight between points, reaches `target`; None where it never does."""
    previous: tuple[float, float] | None = None
    for amount, rate in zip(amounts, rates, strict=True):
        if rate >= target:
            if previous is None:
                return float(amount)
            x, y = previous
            return float(x + (amount - x) * (target - y) / (rate - y))
        previous = (amount, rate)
    return None


def sample_efficiency(treated: Mapping[float, float], base: Mapping[float, float], at: float) -> float | None:
    """How many times fewer demonstrations (or steps) the treatment needs for the rate that the baseline has at `at`.

    Both map an amount to a rate. None where the treatment never gets there, or `at` lies outside the baseline's curve.
    """
    amounts = sorted(base)
    if not amounts or not amounts[0] <= at <= amounts[-1]:
        return None
    target = float(np.interp(at, amounts, [base[a] for a in amounts]))
    ours = sorted(treated)
    found = needed_for(ours, [treated[a] for a in ours], target)
    return None if not found else at / found


def area_over_runs(runs: Mapping[float, Mapping[int, Outcomes]]) -> dict[int, float]:
    """Each run's own area, in points: one value per training run, for `runtime.stats.effect` or a t band."""
    amounts = sorted(runs)
    seeds = sorted(set.intersection(*(set(runs[a]) for a in amounts))) if amounts else []
    return {s: area(amounts, [100 * float(np.mean(list(runs[a][s].values()))) for a in amounts]) for s in seeds}


def area_uplift(
    treated: Mapping[float, Mapping[int, Outcomes]], base: Mapping[float, Mapping[int, Outcomes]], level: float
) -> tuple[float, Band] | None:
    """Difference of areas, paired by seed, with its t band over seeds, in points; None with fewer than two shared."""
    ours, theirs = area_over_runs(treated), area_over_runs(base)
    away = np.array([ours[s] - theirs[s] for s in sorted(ours.keys() & theirs.keys())])
    if len(away) < 2:
        return None
    reach = float(stats.t.ppf((1 + level) / 2, len(away) - 1) * away.std(ddof=1) / len(away) ** 0.5)
    value = float(away.mean())
    return value, Band(value - reach, value + reach).clip(-100, 100)
