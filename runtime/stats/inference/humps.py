"""Do training runs fall into two groups, such as those that learned and those that did not? A mean describes neither."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

FEWEST = 5
"""Runs from which on two groups can be told from chance."""
DRAWS, CHANCE = 40_000, 0.01
NOISE = 3.0
"""Standard deviations of the luck in both runs beside the gap that the gap has to be."""


@dataclass(frozen=True)
class Humps:
    """Runs below and above the gap, and the rates beside it, in points."""

    below: int
    above: int
    low: float
    high: float

    def words(self) -> str:
        """How the runs fall, and what that means for their mean."""
        runs = self.below + self.above
        apart = f"{self.below} of {runs} runs at {self.low:.0f}% or less, the others at {self.high:.0f}% or more"
        return f"{apart}: the mean and its band describe neither group"


def two_humps(means: Sequence[float] | np.ndarray, trials: Sequence[int]) -> Humps | None:
    """Two groups of runs, where one law without humps would hardly part them so.

    The best cut in two leaves a share of the squares within; runs of a normal law leave as little only once in a hundred. And
    the gap has to be wider than luck in its two runs makes it.

    Args:
        means: success rate of each run, in points.
        trials: of each run.
    """
    order = np.argsort(means)
    runs, counts = np.asarray(means, dtype=float)[order], np.asarray(trials)[order]
    if len(runs) < FEWEST or np.ptp(runs) == 0:
        return None
    left, cut = _within(runs)
    shares = (runs * counts / 100 + 1) / (counts + 2)
    luck = 100 * np.sqrt(shares * (1 - shares) / (counts + 2))
    gap = runs[cut] - runs[cut - 1]
    if left > _critical(len(runs)) or gap < NOISE * np.hypot(luck[cut - 1], luck[cut]):
        return None
    return Humps(int(cut), int(len(runs) - cut), float(runs[cut - 1]), float(runs[cut]))


def _within(runs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Share of squares within two groups at the best cut of sorted runs [..., K], and how many lie below it."""
    count = runs.shape[-1]
    below = np.arange(1, count)
    sums = runs.cumsum(-1)
    first, total = sums[..., :-1], sums[..., -1:]
    between = below * (count - below) / count * (first / below - (total - first) / (count - below)) ** 2
    squares = ((runs - runs.mean(-1, keepdims=True)) ** 2).sum(-1)
    return 1 - between.max(-1) / squares, between.argmax(-1) + 1


@cache
def _critical(count: int) -> float:
    drawn = np.sort(np.random.default_rng(20261129).standard_normal((DRAWS, count)), axis=-1)
    return float(np.quantile(_within(drawn)[0], CHANCE))
