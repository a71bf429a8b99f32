"""Measured against declared: a small log-linear law for each stage, which few samples pull only a little.

The declared cost is the prior. log(measured) = log(declared) + shift + (slope - 1) (log(declared) - centre), where

- slope is 1 (for bytes 0) until eight samples of three sizes tell it (Theil 1950, Sen 1968: the median of pairwise
  slopes);
- shift is the median log ratio, shrunk as a normal mean (prior: declared costs are off by a factor of 3);
- the mean follows from the median by Duan's smearing estimate (1983): the mean of the exponentials of the residuals.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median

PRIOR_SPREAD = math.log(3)
"""Standard deviation of log(true / declared) where nothing was measured."""
SCATTER = math.log(1.6)
"""Standard deviation of the log among like nodes, before there are enough samples to tell."""
SCATTER_WEIGHT = 2
MEDIAN_LOSS = math.pi / 2
"""Variance of a normal sample's median over that of its mean."""
LEAST_UNSURE = 0.1
"""However many samples there are: other places and machines differ from those that were measured."""
LEAST = 1e-6
"""Seconds or bytes below which nothing was measured."""
SLOPE_SAMPLES = 8
SLOPE_BOUNDS = (0.0, 1.5)


@dataclass(frozen=True)
class Fit:
    """The law of one stage and back end. `unsure` is the log standard deviation that all its nodes share, `scatter`
    that of one node; `samples` is 0 where only the declared cost is known."""

    shift: float = 0.0
    slope: float = 1.0
    centre: float = 0.0
    smear: float = 1.0
    unsure: float = PRIOR_SPREAD
    scatter: float = SCATTER
    samples: int = 0

    def mean(self, declared: float) -> float:
        """The expected value for a declared one, in the same unit; 0 for 0."""
        if declared <= 0:
            return 0.0
        stretch = (self.slope - 1) * (math.log(declared) - self.centre)
        return declared * self.smear * math.exp(self.shift + stretch)


def fit(samples: Sequence[tuple[float, float]], prior: bool = True) -> Fit:
    """The law behind pairs (declared, measured), in the same unit; pairs with a value near zero are left out.

    Args:
        samples: of one stage and back end.
        prior: whether the declared value is a guess of the measured one; else it only tells sizes apart, and the
            measured one does not depend on it until samples show that it does.
    """
    points = [(math.log(d), math.log(m)) for d, m in samples if d > LEAST and m > LEAST]
    if not points:
        return Fit()
    xs = [x for x, _ in points]
    centre, slope = median(xs), _slope(points, 1.0 if prior else 0.0)
    offsets = [y - x - (slope - 1) * (x - centre) for x, y in points]
    middle, n = median(offsets), len(points)
    scatter = math.sqrt((n * _spread(offsets) ** 2 + SCATTER_WEIGHT * SCATTER**2) / (n + SCATTER_WEIGHT))
    precision = n / scatter**2 / (MEDIAN_LOSS if n > 2 else 1)
    weight = precision / (precision + PRIOR_SPREAD**-2) if prior else 1.0
    unsure = max(LEAST_UNSURE, (precision + (PRIOR_SPREAD**-2 if prior else 0.0)) ** -0.5)
    smear = fmean(math.exp(o - middle) for o in offsets)
    return Fit(weight * middle, slope, centre, smear, unsure, scatter, n)


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which a share of the values lies, by linear interpolation.

    Raises:
        IndexError: without values.
    """
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def _slope(points: list[tuple[float, float]], unknown: float) -> float:
    if len(points) < SLOPE_SAMPLES or len({round(x, 2) for x, _ in points}) < 3:
        return unknown
    pairs = ((a, b) for i, a in enumerate(points) for b in points[:i] if abs(a[0] - b[0]) > 0.1)
    slopes = [(a[1] - b[1]) / (a[0] - b[0]) for a, b in pairs]
    low, high = SLOPE_BOUNDS
    return min(high, max(low, median(slopes))) if slopes else unknown


def _spread(values: list[float]) -> float:
    """Standard deviation from the 10% and 90% quantiles, which a single odd job does not move."""
    return (quantile(values, 0.9) - quantile(values, 0.1)) / 2.563
