"""What an uplift (or a rate) says of a location that was not measured: another question than *at these locations*.

The unit is the location. Its estimates differ by what locations do to the approach and by luck in training and trials;
both go into the spread, so the band covers what the same measurement would show at a new location, and its true uplift
at least as often. It supposes that the new location is drawn as these were.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from runtime.stats.band import Band
from runtime.stats.inference.group import Group
from runtime.stats.inference.interval import Spread, interval


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
) -> NewLocation | None:
    """Bands for a location not measured, or None with fewer than two locations.

    Args:
        groups: location -> its groups, one a task, each task counting the same.
        level: confidence level.
        limits: lowest and highest possible value, in points.
        run_variance: variance of the mean that training runs common to all locations bring, in points squared: it does
            not show in the spread between locations. Zero where each location trains its own policy.
        run_degrees: its degrees of freedom.
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
    return NewLocation(float(values.mean()), bands[0], bands[1], level, count, float(values.std(ddof=1)))
