"""Decision-matrix rows as priors: a range becomes a distribution, measured uplift updates it, and the matrix is scored.

All in points.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from runtime.stats.band import Band
from runtime.stats.inference import Estimate

RANGE_LEVEL = 0.8
"""How often a range that people name is taken to hold the truth: the matrix's calibration says whether it does."""
NARROWEST = 1.0
"""Least standard deviation of a prior: nobody knows an uplift to less."""
GRID = np.linspace(-100, 100, 4001)


@dataclass(frozen=True)
class Belief:
    """A normal distribution, or what stands for one: its mean, standard deviation and central band."""

    mean: float
    sd: float
    band: Band

    def exceeds(self, points: float) -> float:
        """Chance that the uplift lies above `points`."""
        return float(stats.norm.sf(points, self.mean, self.sd))


def of_range(expected: tuple[float, float]) -> Belief:
    """The normal distribution that has the range as its central `RANGE_LEVEL` band.

    Raises:
        ValueError: when the range's ends are the wrong way round.
    """
    low, high = expected
    if low > high:
        raise ValueError(f"a range needs low <= high, not [{low}, {high}]")
    sd = max((high - low) / 2 / float(stats.norm.ppf((1 + RANGE_LEVEL) / 2)), NARROWEST)
    return _normal((low + high) / 2, sd, RANGE_LEVEL)


def update(prior: Belief, measured: Estimate) -> Belief:
    """Belief after the measurement, its band at the measurement's level.

    The measurement counts as Student's t with its own degrees of freedom: two seeds that agree do not overrule a range.
    An unbounded measurement (one seed) leaves the belief as it is.
    """
    if measured.degrees <= 0 or not np.isfinite(measured.standard_error) or measured.standard_error <= 0:
        return _normal(prior.mean, prior.sd, measured.level)
    weight = stats.norm.logpdf(GRID, prior.mean, prior.sd)
    weight = weight + stats.t.logpdf((measured.value - GRID) / measured.standard_error, measured.degrees)
    density = np.exp(weight - weight.max())
    density /= density.sum()
    mean = float((GRID * density).sum())
    sd = float(((GRID - mean) ** 2 * density).sum() ** 0.5)
    ends = np.interp([(1 - measured.level) / 2, (1 + measured.level) / 2], np.cumsum(density), GRID)
    return Belief(mean, sd, Band(float(ends[0]), float(ends[1])))


def at_new_location(belief: Belief, location_spread: float, level: float) -> Belief:
    """Uplift expected at a location not measured: the belief, wider by the spread of true uplift between locations."""
    return _normal(belief.mean, (belief.sd**2 + location_spread**2) ** 0.5, level)


@dataclass(frozen=True)
class Calibration:
    """How a matrix's ranges fared.

    `inside` counts measured values within their range, `expected` how many would be if the ranges were right, given the
    error of measurement; `optimism` is the mean of prior minus measured; `scale` the factor by which the priors'
    standard deviations would have to grow (above 1) to fit, None with fewer than two rows.
    """

    rows: int
    inside: int
    outside: int
    expected: float
    optimism: float
    scale: float | None


def calibration(rows: Sequence[tuple[tuple[float, float], Estimate]]) -> Calibration:
    """Score a matrix by rows of (range, measurement); rows with an unbounded measurement do not count.

    `outside` counts ranges that the measured band leaves wholly out: the matrix is wrong there, not only unlucky.
    """
    known = [(r, e) for r, e in rows if e.degrees > 0 and np.isfinite(e.standard_error)]
    inside = sum(low <= e.value <= high for (low, high), e in known)
    outside = sum(e.band.relation(r) == "outside" for r, e in known)
    expected, misses, ratios = 0.0, [], []
    for (low, high), e in known:
        prior = of_range((low, high))
        total = (prior.sd**2 + e.standard_error**2) ** 0.5
        expected += float(np.diff(stats.norm.cdf([low, high], prior.mean, total))[0])
        misses.append(prior.mean - e.value)
        ratios.append(((e.value - prior.mean) ** 2 - e.standard_error**2) / prior.sd**2)
    scale = float(max(np.mean(ratios), 0.0) ** 0.5) if len(known) > 1 else None
    return Calibration(len(known), inside, outside, expected, float(np.mean(misses)) if misses else 0.0, scale)


def _normal(mean: float, sd: float, level: float) -> Belief:
    reach = float(stats.norm.ppf((1 + level) / 2)) * sd
    return Belief(mean, sd, Band(max(mean - reach, -100.0), min(max(mean + reach, -100.0), 100.0)))
