"""Summaries over tasks and runs after Agarwal et al. (2021), "Deep RL at the edge of the statistical precipice".

Scores come as [tasks, runs] for one approach; numbers of runs may differ between approaches. Bands come from a
stratified bootstrap over runs, which is too narrow with few of them (benchmarks/coverage.py: 60-80 % at a level of 95 %
with two or three): below `FEWEST` runs they are refused.
"""

from collections.abc import Callable

import numpy as np
from scipy import stats

from runtime.stats.band import Band

FEWEST = 5
"""Runs per task below which a bootstrap over runs says nothing."""


def interquartile_mean(scores: np.ndarray) -> float:
    """Mean of the middle half of all scores [tasks, runs], tasks and runs alike."""
    return float(stats.trim_mean(np.asarray(scores, dtype=float), 0.25, axis=None))


def optimality_gap(scores: np.ndarray, target: float = 1.0) -> float:
    """Mean shortfall below `target`; scores above it count as reaching it."""
    return float(target - np.minimum(scores, target).mean())


def probability_of_improvement(treated: np.ndarray, base: np.ndarray) -> float:
    """Chance that a run of `treated` [T, K] scores above one of `base` [T, M] on the same task, ties half, tasks alike.

    It is the Mann-Whitney statistic over K * M pairs of runs, averaged over tasks.

    Raises:
        ValueError: when the two do not have the same tasks.
    """
    if len(treated) != len(base):
        raise ValueError(f"{len(treated)} tasks against {len(base)}")
    above = np.asarray(treated)[:, :, None] - np.asarray(base)[:, None, :]
    return float(((above > 0) + 0.5 * (above == 0)).mean((1, 2)).mean())


def performance_profile(scores: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """Share of scores above each threshold [N]: one minus the distribution over tasks and runs."""
    return (np.asarray(scores)[..., None] > np.asarray(thresholds)).mean((0, 1))


def stratified_bootstrap(
    statistic: Callable[..., float], *scores: np.ndarray, level: float = 0.95, draws: int = 2000, seed: int = 0
) -> Band:
    """Percentile band of `statistic(*scores)`, runs of each task and approach resampled on their own.

    Raises:
        ValueError: when a task has fewer than `FEWEST` runs.
    """
    fewest = min(np.shape(s)[1] for s in scores)
    if fewest < FEWEST:
        raise ValueError(f"a bootstrap over {fewest} runs is far too narrow: at least {FEWEST} are needed")
    rng = np.random.default_rng(seed)
    found = [
        statistic(
            *(np.take_along_axis(np.asarray(s), rng.integers(np.shape(s)[1], size=np.shape(s)), 1) for s in scores)
        )
        for _ in range(draws)
    ]
    low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2])
    return Band(float(low), float(high))
