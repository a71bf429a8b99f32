"""Simulated studies with a known truth, many at a time: what `benchmarks/coverage.py` holds bands against.

Each study draws, for baseline and treatment, the success rate of every training run from a Beta distribution, shifts
its odds per initial state (states are common to all runs of a location), and flips one coin per episode. The truth is
the expected uplift over new runs and new states at the same locations.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.special import expit, logit

MOST_AT_ONCE = 4_000_000
"""Episodes of one approach that are held in memory at a time."""


@dataclass(frozen=True)
class Truth:
    """What generates studies. Rates are fractions, `spread` is the standard deviation between runs in points,
    `state_spread` that of an initial state's shift in logits, and `seed_correlation` (0..1) how much of the luck in
    training two runs of one seed index share, whatever the approach (correlation of normal scores).
    """

    base: float
    treated: float
    spread: float
    state_spread: float = 1.0
    seed_correlation: float = 0.0

    @property
    def uplift(self) -> float:
        """Expected uplift in points."""
        return expected(self.treated, self.spread, self.state_spread) - expected(self.base, self.spread, self.state_spread)


@dataclass(frozen=True)
class Shape:
    """How much a study measures."""

    seeds: int
    locations: int
    trials: int


def rate_law(rate: float, spread: float) -> tuple[float, float]:
    """Beta parameters with mean `rate` and a standard deviation of `spread` points (at most 90 % of the possible)."""
    sd = min(max(spread, 1e-3) / 100, 0.9 * (rate * (1 - rate)) ** 0.5)
    weight = rate * (1 - rate) / sd**2 - 1
    return rate * weight, (1 - rate) * weight


def expected(rate: float, spread: float, state_spread: float) -> float:
    """Expected success rate in points over new runs and new states, by quadrature."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(41)
    levels = stats.beta.ppf((np.arange(4001) + 0.5) / 4001, *rate_law(rate, spread)).clip(1e-9, 1 - 1e-9)
    chance = expit(logit(levels)[:, None] + state_spread * nodes[None, :])
    return 100 * float((chance @ (weights / weights.sum())).mean())


def studies(rng: np.random.Generator, truth: Truth, shape: Shape, count: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Outcomes of treatment and baseline, each [studies, locations, seeds, trials] of bool, some studies at a time."""
    each = max(1, MOST_AT_ONCE // (shape.seeds * shape.locations * shape.trials))
    while count > 0:
        now = min(each, count)
        easier = np.exp(-truth.state_spread * rng.standard_normal((now, shape.locations, 1, shape.trials), dtype=np.float32))
        common = None
        if truth.seed_correlation:
            common = truth.seed_correlation**0.5 * rng.standard_normal((now, shape.locations, shape.seeds, 1))
        treated, base = (_arm(rng, truth, rate, easier, shape, common) for rate in (truth.treated, truth.base))
        yield treated, base
        count -= now


def _arm(
    rng: np.random.Generator, truth: Truth, rate: float, easier: np.ndarray, shape: Shape, common: np.ndarray | None
) -> np.ndarray:
    size = (len(easier), shape.locations, shape.seeds, 1)
    if common is None:
        chance = rng.beta(*rate_law(rate, truth.spread), size=size)
    else:
        own = (1 - truth.seed_correlation) ** 0.5 * rng.standard_normal(size)
        chance = stats.beta.ppf(stats.norm.cdf(common + own), *rate_law(rate, truth.spread))
    chance = chance.clip(1e-9, 1 - 1e-9)
    against = ((1 - chance) / chance).astype(np.float32) * easier
    against += 1
    against *= rng.random(against.shape, dtype=np.float32)
    return against < 1
