"""Groups: the trials of one (location, task), as units that inference counts.

The unit is one training run (or the pair of runs that share a seed index). Episodes of one run are not independent
evidence about the approach: another training seed could have made all of them better or worse at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

Outcomes = Mapping[str, float]
"""Initial-state id -> outcome of one run there, 0..1."""


@dataclass(frozen=True)
class Group:
    """What inference needs of one (location, task), all in points.

    `unit_means` [K] holds one value per seed. `state_variance` is the variance of the group's mean that initial states
    shared by all seeds bring, as it is found (it may come out below zero): it is invisible in the spread between seeds.
    `floor_centre` and `floor_variance` describe the mean as if seeds made no difference, from smoothed counts, so that
    they stay sensible when no outcome differs; `events` counts the outcomes that tell the sides apart (of a rate, or
    without pairs: the rarer outcome).
    """

    seeds: tuple[int, ...]
    unit_means: np.ndarray
    state_variance: float
    floor_centre: float
    floor_variance: float
    events: float
    paired: bool = True
    pairs: int = 0
    gained: int = 0
    lost: int = 0


def rate_group(runs: Mapping[int, Outcomes], level: float, groups: int = 1) -> Group:
    """Success rate of one approach: `runs` maps a seed to that run's outcomes.

    The floor is Agresti and Coull's (1998): z^2 / 2 successes and failures added, shared among `groups`.
    """
    seeds = tuple(sorted(runs))
    means = np.array([100 * np.mean(list(runs[s].values())) for s in seeds])
    z = float(stats.norm.ppf((1 + level) / 2))
    total = sum(len(runs[s]) for s in seeds)
    successes = sum(sum(runs[s].values()) for s in seeds)
    smoothed_n = total + z**2 / groups
    smoothed = (successes + z**2 / (2 * groups)) / smoothed_n
    # Of outcomes 0 and 1 the squares are the outcomes; of scores in between they are less.
    squares = sum(x * x for run in runs.values() for x in run.values())
    square = (squares + z**2 / (2 * groups)) / smoothed_n
    return Group(
        seeds, means, _state_variance([runs[s] for s in seeds]), 100 * smoothed,
        1e4 * (square - smoothed**2) / smoothed_n,
        events=min(successes, total - successes),
    )  # fmt: skip


def uplift_group(treated: Mapping[int, Outcomes], base: Mapping[int, Outcomes], groups: int = 1) -> Group:
    """Uplift of `treated` over `base` on the seeds that both have, seed index with seed index.

    Runs with the same initial states are paired state by state. If any seed's states differ, the group is compared
    unpaired (difference of the runs' rates) and says so. The floor is that of Bonett and Price (2012) for pairs and
    Agresti and Caffo (2000) otherwise: one gained and one lost pair (or one success and one failure a side) added,
    shared among `groups`.
    """
    seeds = tuple(sorted(set(treated) & set(base)))
    means = np.array([100 * (np.mean(list(treated[s].values())) - np.mean(list(base[s].values()))) for s in seeds])
    if any(treated[s].keys() != base[s].keys() for s in seeds):
        sides = [treated[s] for s in seeds], [base[s] for s in seeds]
        centre, floor = _unpaired_floor(*sides, 1 / groups)
        return Group(seeds, means, 0.0, centre, floor, sum(map(_rarer, sides)), paired=False)
    differences = [{state: treated[s][state] - base[s][state] for state in treated[s]} for s in seeds]
    flat = np.array([d for run in differences for d in run.values()])
    n, gained, lost = len(flat), float(flat.clip(0).sum()), float((-flat).clip(0).sum())
    smoothed_n = n + 2 / groups
    up, down = (gained + 1 / groups) / smoothed_n, (lost + 1 / groups) / smoothed_n
    square = (float((flat**2).sum()) + 2 / groups) / smoothed_n
    return Group(
        seeds, means, _state_variance(differences), 100 * (up - down), 1e4 * (square - (up - down) ** 2) / smoothed_n,
        events=float((flat != 0).sum()), pairs=n, gained=int((flat > 0).sum()), lost=int((flat < 0).sum()),
    )  # fmt: skip


def _state_variance(runs: Sequence[Outcomes]) -> float:
    """Variance of the mean over runs due to states that several runs share, in points squared.

    With residuals e[s, i] around each run's mean, products of different runs at the same state estimate the variance
    between states; noise within a run cancels. Zero when runs share no state.
    """
    table: dict[str, list[float]] = {}
    for run in runs:
        mean = float(np.mean(list(run.values()))) if run else 0.0
        for state, outcome in run.items():
            table.setdefault(state, []).append(100 * (outcome - mean))
    shared = [np.array(row) for row in table.values() if len(row) > 1]
    if len(shared) < 2:
        return 0.0
    crossed = sum(float(row.sum() ** 2 - (row**2).sum()) for row in shared)
    ordered_pairs = sum(len(row) * (len(row) - 1) for row in shared)
    between = crossed / ordered_pairs * len(shared) / (len(shared) - 1)
    return between / len(table)


def _rarer(runs: Sequence[Outcomes]) -> float:
    """How often the rarer of success and failure came."""
    successes, total = sum(sum(run.values()) for run in runs), sum(len(run) for run in runs)
    return min(successes, total - successes)


def _unpaired_floor(treated: Sequence[Outcomes], base: Sequence[Outcomes], add: float) -> tuple[float, float]:
    centres, variances = [], []
    for runs in (treated, base):
        n = sum(len(run) for run in runs) + 2 * add
        rate = (sum(sum(run.values()) for run in runs) + add) / n
        centres.append(100 * rate)
        variances.append(1e4 * rate * (1 - rate) / n)
    return centres[0] - centres[1], sum(variances)
