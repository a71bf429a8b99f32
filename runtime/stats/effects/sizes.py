"""Effect sizes over training runs: mean and standard error with n, Cohen's d with its small-sample correction."""

from dataclasses import dataclass
from math import exp, lgamma

import numpy as np
from scipy.special import nctdtrinc

from runtime.stats.band import Band
from runtime.stats.effects.scores import Runs


@dataclass(frozen=True)
class Mean:
    """Mean over n training runs, every task counting the same, and its standard error, which needs two runs a task."""

    value: float
    error: float | None
    n: int


def mean_over_runs(runs: Runs) -> Mean:
    """Mean of one value per training run; the error is what drawing other runs for the same tasks would change."""
    count = runs.per_task
    means = np.bincount(runs.task, runs.values) / count
    error = None
    if count.min() > 1:
        squares = np.bincount(runs.task, (runs.values - means[runs.task]) ** 2)
        error = float((squares / (count - 1) / count).sum() ** 0.5 / len(count))
    return Mean(float(means.mean()), error, len(runs.values))


@dataclass(frozen=True)
class Standardised:
    """A difference in standard deviations between runs: Cohen's `d` with its band, and Hedges' `g`."""

    d: float
    g: float
    band: Band
    degrees: int


def standardised(treated: Runs, base: Runs, level: float) -> Standardised | None:
    """Difference of means over the standard deviation between runs of a task, pooled over tasks and both sides.

    With one task it is Cohen's (1988) d; g takes away its upward bias (Hedges 1981), 20 % with three runs a side. The
    band turns round the noncentral t distribution (Steiger and Fouladi 1997), runs of both sides taken as independent:
    that initial states are shared makes it wider than it need be. A run's luck in its trials counts as spread too, so
    that d grows with the number of trials.

    Returns:
        None where runs do not differ, or no task has two of a side.

    Raises:
        ValueError: when the two do not have the same tasks.
    """
    sides, tasks = (treated, base), len(treated.per_task)
    if tasks != len(base.per_task):
        raise ValueError(f"{tasks} tasks against {len(base.per_task)}")
    means = [np.bincount(side.task, side.values) / side.per_task for side in sides]
    degrees = len(treated.values) + len(base.values) - 2 * tasks
    squares = sum(float(((s.values - m[s.task]) ** 2).sum()) for s, m in zip(sides, means, strict=True))
    # Runs that agree to the last trial leave rounding behind, not a spread.
    if degrees < 2 or squares <= 1e-18 * max(float((np.abs(s.values)).max()) for s in sides) ** 2:
        return None
    d = float((means[0] - means[1]).mean() / (squares / degrees) ** 0.5)
    scale = float(sum((1 / side.per_task).sum() for side in sides) ** 0.5 / tasks)
    low, high = (scale * float(nctdtrinc(degrees, p, d / scale)) for p in ((1 + level) / 2, (1 - level) / 2))
    return Standardised(d, d * correction(degrees), Band(low, high), degrees)


def correction(degrees: int) -> float:
    """Hedges' factor J: by how much d is too large on average, exactly."""
    return exp(lgamma(degrees / 2) - lgamma((degrees - 1) / 2)) / (degrees / 2) ** 0.5


def by_seed(runs: Runs) -> Runs | None:
    """One value per training seed, its mean over tasks: the runs where one training serves all tasks.

    None when some task lacks a seed that others have.
    """
    seeds, index = np.unique(runs.seed, return_inverse=True)
    if len(runs.values) != len(seeds) * len(runs.per_task):
        return None
    return Runs.of([np.bincount(index, runs.values) / len(runs.per_task)])
