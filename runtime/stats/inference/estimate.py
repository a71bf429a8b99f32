"""From groups of training runs to one estimate with a band that keeps its level with two to five seeds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy import stats

from runtime.report.forms.base import Direction
from runtime.stats.band import Band
from runtime.stats.inference.group import Group, Side
from runtime.stats.inference.interval import Spread, degrees, interval


@dataclass(frozen=True)
class Estimate:
    """A mean over groups, in points. `degrees` are those of the t band, `seed_error` the standard error that training runs bring
    (luck of their trials included, which alone is `luck_error`), `state_error` what initial states that runs share bring, and
    `runs` the fewest units of a group: seeds, or initial states
    where only fixed policies take part (`of_states`)."""

    value: float
    band: Band
    level: float
    degrees: float
    standard_error: float
    seed_error: float
    units: int
    luck_error: float = 0.0
    state_error: float = 0.0
    runs: int = 1
    of_states: bool = False
    of_worlds: bool = False
    """Whether world models are the units: more seeds in the same ones then narrow nothing."""

    @property
    def direction(self) -> Direction:
        """Of a difference: `helps` or `hurts` when the band excludes zero, else `undecided`."""
        return "helps" if self.band.low > 0 else "hurts" if self.band.high < 0 else "undecided"


def estimate(
    groups: Sequence[Group], level: float, limits: tuple[float, float], shared_training: bool = False, logit: bool = False
) -> Estimate:
    """Mean over groups (each counts the same) with its band: what holds *at these locations*.

    Args:
        groups: at least one group with at least one seed each.
        level: confidence level, between 0 and 1.
        limits: lowest and highest possible value, in points.
        shared_training: True when one training run serves all groups, so that its luck is common to them. By default
            each location trains its own policy and the unit is the run of a (location, seed).
        logit: True for rates, whose runs scatter to one side near either limit.

    Raises:
        ValueError: when there is no group, or a group without seeds.
    """
    if not groups or any(len(g.seeds) == 0 for g in groups):
        raise ValueError("an estimate needs groups with at least one seed each")
    count = len(groups)
    value = float(np.mean([g.unit_means.mean() for g in groups]))
    parts = _seed_parts(groups, shared_training)
    units = sum(len(g.unit_means) for g in groups)
    if any(part.degrees < 1 for part in parts):
        # A single seed says nothing about other seeds.
        return Estimate(value, Band(*limits), level, 0.0, float("inf"), float("inf"), units)
    spread = Spread(
        np.array(value),
        np.array([part.variance for part in parts]),
        np.array([part.degrees for part in parts], dtype=float),
        np.array([part.luck for part in parts]),
        np.array(sum(g.state_variance for g in groups) / count**2),
        np.array(np.mean([g.floor_centre for g in groups])),
        # The smoothed counts hold a share 1/K of the variance between shared states already.
        np.array(sum(g.floor_variance + max(g.state_variance, 0.0) * (1 - 1 / len(g.unit_means)) for g in groups) / count**2),
        np.array(sum(g.events for g in groups)),
    )
    low, high = interval(spread, level, limits, logit)
    clustered = by_worlds(groups)
    if clustered is not None:
        # Never narrower than within these very models, where two of them agree by chance.
        reach = float(stats.t.ppf((1 + level) / 2, clustered.degrees)) * clustered.error
        low, high = np.clip(min(float(low), value - reach), *limits), np.clip(max(float(high), value + reach), *limits)
    seed_variance = sum(part.variance for part in parts)
    error = max(seed_variance + float(spread.state_variance), float(spread.floor_variance)) ** 0.5
    free = float(degrees(spread))
    if clustered is not None:
        error, free = max(error, clustered.error), min(free, float(clustered.degrees))
    return Estimate(
        value,
        Band(float(low), float(high)),
        level,
        free,
        error,
        seed_variance**0.5,
        units,
        sum(part.luck for part in parts) ** 0.5,
        max(float(spread.state_variance), 0.0) ** 0.5,
        min(len(g.unit_means) for g in groups),
        all(g.fixed and all(g.fixed) for g in groups),
        clustered is not None,
    )


class Clustered(NamedTuple):
    """Standard error, points, of a mean over groups whose unit is the world model, and its degrees of freedom."""

    error: float
    degrees: int


def by_worlds(groups: Sequence[Group]) -> Clustered | None:
    """The mean over groups with each world model as one unit; None where runs do not share models, or share but one.

    A model's error is common to all approaches and seeds that are tried in it, so that no number of them shows it: models do.
    Their spread holds that of places, too, so that the band may be too wide and never too narrow.
    """
    if not all(group.world for group in groups):
        return None
    own: dict[str, list[float]] = {}
    for group in groups:
        own.setdefault(group.world, []).append(float(group.unit_means.mean()))
    count = len(own)
    if count < 2:
        return None
    mean = sum(map(sum, own.values())) / len(groups)
    # Linearised, as for clusters that differ in size (Cochran 1977, section 6.8).
    off = [(sum(values) - len(values) * mean) / len(groups) for values in own.values()]
    return Clustered((count / (count - 1) * sum(x * x for x in off)) ** 0.5, count - 1)


class _Part(NamedTuple):
    """Variance of the overall mean that one side's runs bring, its degrees of freedom, and that of luck in episodes."""

    variance: float
    degrees: float
    luck: float


def _seed_parts(groups: Sequence[Group], shared_training: bool) -> list[_Part]:
    count = len(groups)
    if not shared_training:
        return [_Part(side.variance / count**2, len(side.means) - 1, side.luck / count**2) for g in groups for side in g.sides]
    seeds = sorted(set.intersection(*(set(g.seeds) for g in groups)))
    if len(seeds) < 2:
        return [_Part(0.0, 0, 0.0)]
    # One training run serves every group, so its luck shows in the mean over groups only.
    together = min(len(g.sides) for g in groups)
    parts = []
    for i in range(together):
        each = [g.sides if len(g.sides) == together else (_differences(g),) for g in groups]
        rows = [[own[i].means[g.seeds.index(s)] for s in seeds] for own, g in zip(each, groups, strict=True)]
        side = Side(np.mean(rows, axis=0), sum(own[i].luck for own in each) / count**2)
        parts.append(_Part(side.variance, len(seeds) - 1, side.luck))
    return parts


def _differences(group: Group) -> Side:
    return Side(group.unit_means, group.floor_variance)
