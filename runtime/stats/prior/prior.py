"""Decision-matrix rows as priors: a range becomes a distribution, measured uplift updates it, and the matrix is scored.

A range is somebody's word, and may be wrong. So the prior is a mixture, as Schmidli et al. (2014) make priors robust:
the normal distribution that the range describes, and a wide one round no uplift for the case that it is mistaken.
Bayes' rule then updates the weights too: a range that the measurement contradicts loses its weight by itself.

All in points.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import signal, stats

from runtime.stats.band import Band
from runtime.stats.inference.estimate import Estimate

RANGE_LEVEL = 0.8
"""How often a range that people name is taken to hold the truth: the matrix's calibration says whether it does."""
TRUST = 0.8
"""Weight of the range beforehand; the rest stands for a mistaken row. Four to one, within the 0.5 to 0.9 that such
priors are given: the range leads while nothing speaks against it, and a few seeds that do can turn it over."""
WIDE = 20.0
"""Standard deviation of the wide part, round no uplift: 95 % within 39 points. It draws a measurement with an error of
5 points by 6 % towards zero, and is not so flat that even a refuted range would fit better. Nor may it promise much
where nothing was measured: with its weight it adds 1.6 points to an expected gain."""
NARROWEST = 1.0
"""Least standard deviation of a prior: nobody knows an uplift to less."""
SCEPTICAL = 8.0
"""Standard deviation of a sceptic's prior, normal round no uplift: one chance in twenty that an approach brings more than 13
points (Spiegelhalter et al. 1994 make sceptics so), about what the largest uplift confirmed here was."""
STEP = 0.05
GRID = np.linspace(-100, 100, round(200 / STEP) + 1)


@dataclass(frozen=True)
class Belief:
    """What is held of an uplift: mean, standard deviation and central band, and `mass` [4001], the chances on `GRID`.

    `on_range` is the weight that the range has, 0..1; None where no range takes part. `share` is how much is measured,
    0..1: of each part the share of its variance that the measurement took away, by the parts' weights.
    """

    mean: float
    sd: float
    band: Band
    mass: np.ndarray = field(compare=False, repr=False)
    on_range: float | None = None
    share: float = 0.0

    def exceeds(self, points: float) -> float:
        """Chance that the uplift lies above `points`."""
        below = float(np.interp(points, GRID, _cumulated(self.mass), left=0.0, right=1.0))
        return min(max(1 - below, 0.0), 1.0)

    def gain(self, best: float = 0.0) -> float:
        """Mean of what the uplift exceeds `best` by, and nothing where it does not (expected improvement)."""
        return float(np.maximum(GRID - best, 0.0) @ self.mass)


def normal(mean: float, sd: float, level: float) -> Belief:
    """A normal belief without a range, within the limits that an uplift has."""
    return _belief(_normal_mass(mean, sd), level)


def of_range(expected: tuple[float, float]) -> Belief:
    """The prior of a range: `TRUST` on the normal distribution that has it as its central `RANGE_LEVEL` band, the rest
    on the wide one.

    Raises:
        ValueError: when the range's ends are the wrong way round.
    """
    return _belief(_mixed(_parts(expected), (TRUST, 1 - TRUST)), RANGE_LEVEL, TRUST)


def update(expected: tuple[float, float], measured: Estimate) -> Belief:
    """Belief after the measurement, its band at the measurement's level.

    The measurement counts as Student's t with its own degrees of freedom: two seeds that agree do not overrule a range.
    An unbounded measurement (one seed) leaves the belief as it is.
    """
    before, weights = _parts(expected), np.array([TRUST, 1 - TRUST])
    if not _bounded(measured):
        return _belief(_mixed(before, weights), measured.level, TRUST)
    error, fit = _fit(measured)
    joint = [part * fit for part in before]
    evidence = np.array([one.sum() for one in joint])
    if evidence[0] + evidence[1] <= 0:  # a measurement so sharp and far off that both parts vanish in rounding
        return normal(measured.value, error, measured.level)
    after = [one / total if total > 0 else part for one, total, part in zip(joint, evidence, before, strict=True)]
    weights = weights * evidence / (weights @ evidence)
    shares = [max(1 - _variance(new) / _variance(old), 0.0) for new, old in zip(after, before, strict=True)]
    return _belief(_mixed(after, weights), measured.level, float(weights[0]), float(weights @ shares))


def alone(measured: Estimate) -> Belief | None:
    """What the measurement says by itself, every uplift being as good as any other beforehand; None from one seed."""
    if not _bounded(measured):
        return None
    _, fit = _fit(measured)
    return _belief(fit / fit.sum(), measured.level, share=1.0)


def sceptical(measured: Estimate) -> Belief:
    """What a sceptic makes of the measurement, who expects no uplift beforehand (`SCEPTICAL`) and knows nothing of ranges."""
    before = _normal_mass(0.0, SCEPTICAL)
    if not _bounded(measured):
        return _belief(before, measured.level)
    after = before * _fit(measured)[1]
    if after.sum() <= 0:
        return normal(measured.value, measured.standard_error, measured.level)
    after /= after.sum()
    return _belief(after, measured.level, share=max(1 - _variance(after) / _variance(before), 0.0))


def likelihood_ratio(expected: tuple[float, float], measured: Estimate) -> float | None:
    """How many times better the range explains the measurement than no uplift at all does; None from one seed.

    1 says nothing, below it speaks against the range (Bayes factor of the range's normal distribution, without the part for
    a mistaken range).
    """
    if not _bounded(measured):
        return None
    _, fit = _fit(measured)
    return float(_normal_mass(*_normal_of(expected)) @ fit / max(fit[len(GRID) // 2], 1e-300))


def _bounded(measured: Estimate) -> bool:
    return measured.degrees > 0 and bool(np.isfinite(measured.standard_error)) and measured.standard_error > 0


def _fit(measured: Estimate) -> tuple[float, np.ndarray]:
    """The error that counts, and how well each uplift of `GRID` explains the measurement, 1 at best."""
    error = max(measured.standard_error, STEP)
    fit = stats.t.logpdf((measured.value - GRID) / error, measured.degrees)
    return error, np.exp(fit - fit.max())


def at_new_location(belief: Belief, location_spread: float, level: float) -> Belief:
    """Uplift expected at a location not measured: the belief, wider by the spread of true uplift between locations."""
    if location_spread < STEP:
        return _belief(belief.mass, level, belief.on_range, belief.share)
    away = np.arange(1 - len(GRID), len(GRID)) * STEP
    spread = np.exp(-0.5 * (away / location_spread) ** 2)
    wider = np.maximum(signal.fftconvolve(belief.mass, spread), 0.0)
    wider = wider[len(GRID) - 1 : 2 * len(GRID) - 1]  # what lies beyond the limits cannot be
    return _belief(wider / wider.sum(), level, belief.on_range, belief.share)


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
        mean, sd = _normal_of((low, high))
        total = (sd**2 + e.standard_error**2) ** 0.5
        expected += float(np.diff(stats.norm.cdf([low, high], mean, total))[0])
        misses.append(mean - e.value)
        ratios.append(((e.value - mean) ** 2 - e.standard_error**2) / sd**2)
    scale = float(max(np.mean(ratios), 0.0) ** 0.5) if len(known) > 1 else None
    return Calibration(len(known), inside, outside, expected, float(np.mean(misses)) if misses else 0.0, scale)


def _normal_of(expected: tuple[float, float]) -> tuple[float, float]:
    """Mean and standard deviation of the normal distribution that the range alone describes."""
    low, high = expected
    if low > high:
        raise ValueError(f"a range needs low <= high, not [{low}, {high}]")
    return (low + high) / 2, max((high - low) / 2 / float(stats.norm.ppf((1 + RANGE_LEVEL) / 2)), NARROWEST)


def _parts(expected: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """What the range says, and what is held if it is mistaken."""
    return _normal_mass(*_normal_of(expected)), _normal_mass(0.0, WIDE)


def _normal_mass(mean: float, sd: float) -> np.ndarray:
    log = -0.5 * ((GRID - mean) / sd) ** 2
    mass = np.exp(log - log.max())
    return mass / mass.sum()


def _mixed(parts: Sequence[np.ndarray], weights: Sequence[float] | np.ndarray) -> np.ndarray:
    return parts[0] * weights[0] + parts[1] * weights[1]


def _cumulated(mass: np.ndarray) -> np.ndarray:
    """Chance of at most each point of the grid, half of its own mass counted, so that both sides are treated alike."""
    return np.cumsum(mass) - mass / 2


def _variance(mass: np.ndarray) -> float:
    return float((GRID - GRID @ mass) ** 2 @ mass)


def _belief(mass: np.ndarray, level: float, on_range: float | None = None, share: float = 0.0) -> Belief:
    ends = np.interp([(1 - level) / 2, (1 + level) / 2], _cumulated(mass), GRID)
    band = Band(float(ends[0]), float(ends[1]))
    return Belief(float(GRID @ mass), _variance(mass) ** 0.5, band, mass, on_range, share)
