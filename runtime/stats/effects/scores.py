"""Summaries over tasks and runs after Agarwal et al. (2021), "Deep RL at the edge of the statistical precipice".

A run is one trained policy, a task one (location, task) pair. Every statistic takes how often each run counts, [D, R]:
once each for the estimate, a row per draw for a bootstrap, so that both are the same few array operations.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

FEWEST = 5
"""Runs per task below which a bootstrap over runs says nothing."""
DRAWS = 2000
"""Resamples behind each band."""


@dataclass(frozen=True)
class Runs:
    """One value per training run: `values` [R], and in `task` [R] which task each ran, from 0 on and never falling.

    `seed` [R] is its training seed: where one training run serves all tasks, runs of one seed share their luck.
    """

    values: np.ndarray
    task: np.ndarray
    seed: np.ndarray

    @classmethod
    def of(cls, scores: Sequence[Sequence[float] | np.ndarray] | np.ndarray) -> "Runs":
        """From one row of values per task; rows may differ in length. A run's seed is its place in the row.

        Raises:
            ValueError: when there is no task, or one without runs.
        """
        if len(scores) == 0 or any(len(row) == 0 for row in scores):
            raise ValueError("every task needs at least one run")
        lengths = [len(row) for row in scores]
        return cls(
            np.concatenate([np.asarray(row, dtype=float) for row in scores]),
            np.repeat(np.arange(len(scores)), lengths),
            np.concatenate([np.arange(n) for n in lengths]),
        )

    @property
    def per_task(self) -> np.ndarray:
        """Number of runs of each task [T]."""
        return np.bincount(self.task)

    @property
    def slices(self) -> list[slice]:
        """Where each task's runs lie."""
        ends = np.cumsum(self.per_task)
        return [slice(int(end - count), int(end)) for end, count in zip(ends, self.per_task, strict=True)]

    @property
    def once(self) -> np.ndarray:
        """Every run counting once [1, R]."""
        return np.ones((1, len(self.values)))

    @property
    def share(self) -> np.ndarray:
        """Weight of each run [R] such that every task counts the same; they add up to one."""
        return 1 / (self.per_task[self.task] * len(self.per_task))


def interquartile_mean(runs: Runs, times: np.ndarray | None = None) -> np.ndarray:
    """Mean of the middle half of all values [D], tasks and runs alike; a quarter, rounded down, is cut at each end."""
    order = np.argsort(runs.values, kind="stable")
    times = (runs.once if times is None else times)[:, order]
    upto = np.cumsum(times, 1)
    count = upto[:, -1:]
    cut = np.floor(0.25 * count)
    kept = np.clip(upto, cut, count - cut) - np.clip(upto - times, cut, count - cut)
    return kept @ runs.values[order] / (count - 2 * cut)[:, 0]


def optimality_gap(runs: Runs, times: np.ndarray | None = None, target: float = 1.0) -> np.ndarray:
    """Mean shortfall below `target` [D], every task counting the same; values above it count as reaching it."""
    return ((runs.once if times is None else times) * runs.share) @ (target - np.minimum(runs.values, target))


def performance_profile(runs: Runs, thresholds: np.ndarray, times: np.ndarray | None = None) -> np.ndarray:
    """Share of runs strictly above each threshold [D, N], every task counting the same."""
    above = (runs.values[:, None] > np.asarray(thresholds)).astype(float)
    return ((runs.once if times is None else times) * runs.share) @ above


def probability_of_improvement(treated: Runs, base: Runs, times: tuple[np.ndarray, np.ndarray] | None = None) -> np.ndarray:
    """Chance [D] that a run of `treated` lies above one of `base` on the same task, ties half, tasks alike.

    It is the Mann-Whitney statistic over all pairs of runs of a task, averaged over tasks.

    Raises:
        ValueError: when the two do not have the same tasks.
    """
    tasks = len(treated.per_task)
    if tasks != len(base.per_task):
        raise ValueError(f"{tasks} tasks against {len(base.per_task)}")
    ours, theirs = (treated.once, base.once) if times is None else times
    total = np.zeros(len(ours))
    for a, b in zip(treated.slices, base.slices, strict=True):
        away = treated.values[a][:, None] - base.values[b]
        wins = (away > 0) + 0.5 * (away == 0)
        total += ((ours[:, a] @ wins) * theirs[:, b]).sum(1) / wins.size
    return total / tasks


def resample(runs: Runs, rng: np.random.Generator, shared_training: bool = False, draws: int = DRAWS) -> np.ndarray:
    """How often each run counts in each draw [D, R]: runs drawn anew within every task (a stratified bootstrap).

    With `shared_training` whole seeds are drawn, for all tasks at once.

    Raises:
        ValueError: with `shared_training`, when a task lacks one of the seeds.
    """
    if shared_training:
        seeds, index = np.unique(runs.seed, return_inverse=True)
        if len(runs.values) != len(seeds) * len(runs.per_task):
            raise ValueError("some tasks lack a seed that others have")
        drawn = rng.integers(0, len(seeds), (draws, len(seeds)))
        return _counted(drawn, len(seeds))[:, index]
    count = runs.per_task
    first = np.repeat(np.cumsum(count) - count, count)
    drawn = first + (rng.random((draws, len(runs.values))) * np.repeat(count, count)).astype(np.int64)
    return _counted(drawn, len(runs.values))


def _counted(drawn: np.ndarray, runs: int) -> np.ndarray:
    """How often each of the runs was drawn in each row [D, R]."""
    rows = np.arange(len(drawn))[:, None] * runs
    return np.bincount((drawn + rows).ravel(), minlength=len(drawn) * runs).reshape(len(drawn), runs).astype(float)


def bootstrap_band(
    found: np.ndarray, sides: Sequence[Runs], level: float, shared_training: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Ends of the expanded percentile interval over draws (the first axis of `found`), after Hesterberg (2015).

    A plain percentile interval is too narrow with few runs: resampling n runs divides their variance by n where n - 1
    is right, and takes a normal's quantile where Student's is. Both are made good by reading wider percentiles.

    Raises:
        ValueError: when a task has fewer than `FEWEST` runs.
    """
    fewest = min(int(side.per_task.min()) for side in sides)
    if fewest < FEWEST:
        raise ValueError(f"a bootstrap over {fewest} runs is far too narrow: at least {FEWEST} are needed")
    degrees = sum(int((side.per_task - 1).sum()) for side in sides) if not shared_training else fewest - 1
    tail = float(stats.norm.cdf(-((fewest / (fewest - 1)) ** 0.5) * stats.t.ppf((1 + level) / 2, degrees)))
    low, high = np.quantile(found, [tail, 1 - tail], axis=0)
    return low, high
