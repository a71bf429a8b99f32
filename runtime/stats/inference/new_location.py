"""What an uplift (or a rate) says of a location that was not measured: another question than *at these locations*.

The unit is the location. Its estimates differ by what locations do to the approach and by luck in training and trials. With
few locations both go into the spread, so that the band covers what the same measurement would show at a new location, and its
true uplift at least as often. From `TAKEN_OFF_FROM` locations on that luck is taken off: the spread between true uplifts is drawn
from its confidence distribution (Nagashima, Noma and Furukawa 2019). It supposes that the new location is drawn as these were.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import stats

from runtime.stats.band import Band
from runtime.stats.inference.group import Group
from runtime.stats.inference.interval import Spread, interval

TAKEN_OFF_FROM = 6
"""Locations from which on luck of the measurement is taken off: with fewer, what their spread may be is too uncertain to gain."""
DRAWS, GRID = 2_000, 160


@dataclass(frozen=True)
class NewLocation:
    """`prediction`: where a new location's value lies. `mean`: where the mean over all such locations lies. Points."""

    value: float
    prediction: Band
    mean: Band
    level: float
    locations: int
    spread: float


def at_new_location(
    groups: Mapping[str, Sequence[Group]],
    level: float,
    limits: tuple[float, float],
    run_variance: float = 0.0,
    run_degrees: float = 1.0,
    taken_off_from: int = TAKEN_OFF_FROM,
) -> NewLocation | None:
    """Bands for a location not measured, or None with fewer than two locations.

    Args:
        groups: location -> its groups, one a task, each task counting the same.
        level: confidence level.
        limits: lowest and highest possible value, in points.
        run_variance: variance of the mean that training runs common to all locations bring, in points squared: it does
            not show in the spread between locations. Zero where each location trains its own policy.
        run_degrees: its degrees of freedom.
        taken_off_from: how many locations it takes for luck of the measurement to be taken off.
    """
    count = len(groups)
    if count < 2:
        return None
    values = np.array([np.mean([g.unit_means.mean() for g in own]) for own in groups.values()])
    luck = np.array([sum(g.floor_variance for g in own) / len(own) ** 2 for own in groups.values()])
    centre = np.mean([np.mean([g.floor_centre for g in own]) for own in groups.values()])
    # Luck in training common to all keeps its own quantile, as states do.
    quantiles = stats.t.ppf((1 + level) / 2, run_degrees) / stats.norm.ppf((1 + level) / 2)
    common = np.array(run_variance * quantiles**2)
    bands = []
    for weight in (1 + 1 / count, 1 / count):
        low, high = interval(
            Spread(
                values.mean(),
                values.var(ddof=1, keepdims=True) * weight,
                np.array([count - 1.0]),
                np.array([luck.mean() * weight]),
                common,
                centre,
                np.array(luck.mean() * weight),
                np.array(sum(g.events for own in groups.values() for g in own)),
            ),
            level,
            limits,
        )
        bands.append(Band(float(low), float(high)))
    if count >= taken_off_from:
        noise = measured_variances(groups, shared_training=run_variance > 0)
        bands[0] = _predicted(values, noise, level, float(common)).clip(*limits)
    return NewLocation(float(values.mean()), bands[0], bands[1], level, count, float(values.std(ddof=1)))


def measured_variances(groups: Mapping[str, Sequence[Group]], shared_training: bool = False) -> np.ndarray:
    """Variance [L] of each location's estimate by luck in training and trials, in points squared.

    That between runs is pooled over locations, whose own few runs cannot tell it, and never below the luck within runs, which
    alone counts where one training serves all: its luck does not set locations apart.
    """
    every = [g for own in groups.values() for g in own]
    degrees = 0 if shared_training else sum(len(g.unit_means) - 1 for g in every)
    squares = sum(float(((g.unit_means - g.unit_means.mean()) ** 2).sum()) for g in every)
    pooled = squares / degrees if degrees else 0.0
    spread = [
        [max(pooled / len(g.unit_means), g.floor_variance) + max(g.state_variance, 0.0) for g in own] for own in groups.values()
    ]
    return np.array([sum(own) / len(own) ** 2 for own in spread])


def _predicted(values: np.ndarray, noise: np.ndarray, level: float, common: float) -> Band:
    """Band of a new location's true value, of `values` [L] that are each known to `noise` [L], a variance; `common` is that of
    luck which all share. Hartung's and Knapp's error of the mean, not below what the noise alone gives."""
    free = len(values) - 1
    chances, normal, student = _draws(free)
    most = values.var(ddof=1) * free / stats.chi2.ppf(5e-4, free) + 1e-9
    between = most * np.linspace(0, 1, GRID) ** 3  # [G]
    weights = 1 / (noise + between[:, None])
    total = weights.sum(1)
    means = weights @ values / total
    q = (weights * (values - means[:, None]) ** 2).sum(1)
    drawn = np.interp(chances, stats.chi2.sf(q, free), between)
    error = np.interp(drawn, between, np.sqrt(np.maximum(q / free, 1) / total))
    found = np.interp(drawn, between, means) + normal * np.sqrt(drawn + common) - student * error
    low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2])
    return Band(float(low), float(high))


@cache
def _draws(free: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Even chances [D], and normal and Student's values in orders of their own: the same for every study."""
    even, rng = (np.arange(DRAWS) + 0.5) / DRAWS, np.random.default_rng(20261129)
    return even, stats.norm.ppf(rng.permutation(even)), stats.t.ppf(rng.permutation(even), free)
