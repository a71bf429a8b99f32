"""Groups: the trials of one (location, task), as units that inference counts.

The unit is one training run (or the pair of runs that share a seed index). Episodes of one run are not independent
evidence about the approach: another training seed could have made all of them better or worse at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

Outcomes = Mapping[str, float]
"""Initial-state id -> outcome of one run there, 0..1."""
PAIRED_FROM = 10
"""Seeds from which on the spread between training runs is that of differences between runs of one seed index. With
fewer, each side's runs keep a spread of their own: runs of different approaches that share a seed have hardly any luck
in common, and two spreads have twice the degrees of freedom of one. From ten seeds on those no longer matter (2.26
against 2.10 standard errors at a level of 95 %), and luck that is shared after all would show."""


@dataclass(frozen=True)
class Side:
    """Runs whose spread is one part of a group's: `means` [K] in points, one for each training run, and the variance
    `luck` of their mean that episodes alone bring, in points squared, from smoothed counts (never zero).
    """

    means: np.ndarray
    luck: float

    @property
    def variance(self) -> float:
        """Variance of the mean over runs, in points squared; zero for a single run, which cannot tell."""
        return float(self.means.var(ddof=1)) / len(self.means) if len(self.means) > 1 else 0.0


@dataclass(frozen=True)
class Group:
    """What inference needs of one (location, task), all in points.

    `unit_means` [K] holds one value per unit (seed; initial state where only fixed policies take part), and `sides` the runs
    behind them, whose spreads add up. `state_variance` is the variance of the group's mean that initial states shared by all
    seeds bring, as it is found (it may come out below zero): it is invisible in the spread between seeds. `trials` counts what
    was compared of the treated side and of the baseline, `rates` are their means over runs; `left_out` counts trials from
    initial states that only one side ran.
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
    sides: tuple[Side, ...]
    paired: bool = True
    pairs: int = 0
    gained: int = 0
    lost: int = 0
    left_out: int = 0
    trials: tuple[int, int] = (0, 0)
    rates: tuple[float, float] = (0.0, 0.0)
    fixed: tuple[bool, ...] = ()
    """Of each side, the treated one first, whether it is one policy, tried again and again."""
    world: str = ""
    """The one world model that all of its runs were tried in, whose error they share; empty where there is none such."""
    more_runs: int = 0
    """Runs of one side beyond those of seed indices that both have, which count as well."""


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
    variance = 1e4 * (square - smoothed**2) / smoothed_n
    return Group(
        seeds,
        means,
        _state_variance([runs[s] for s in seeds]),
        100 * smoothed,
        variance,
        events=min(successes, total - successes),
        sides=(Side(means, variance),),
    )


def uplift_group(
    treated: Mapping[int, Outcomes],
    base: Mapping[int, Outcomes],
    groups: int = 1,
    same_runs: bool = False,
    pair: bool = True,
    all_runs: bool = True,
) -> Group:
    """Uplift of `treated` over `base`, seed index with seed index.

    Runs with the same initial states are paired state by state. If any seed's states differ, or `pair` is False, the
    group is compared unpaired (difference of the runs' rates, each side with its own luck of states) and says so. Where one
    side has more seeds, all of its runs count. The
    floor is that of Bonett and Price (2012) for pairs and Agresti and Caffo (2000) otherwise: one gained and one lost
    pair (or one success and one failure a side) added, shared among `groups`.

    Args:
        treated: seed -> outcomes of that run.
        base: the same of the baseline.
        groups: how many groups are pooled.
        same_runs: True when both are trials of the very same training runs (in two domains): their luck in training is
            common, and the spread is always that of differences. See `PAIRED_FROM`.
        pair: False where trials of the domain are shown not to reproduce.
        all_runs: False counts only seeds that both have.
    """
    if all_runs and not same_runs and treated.keys() != base.keys() and treated.keys() & base.keys():
        return _unequal(treated, base, groups, pair)
    left_out = 0
    if pair:
        treated, base, left_out = common_states(treated, base)
    seeds = tuple(sorted(set(treated) & set(base)))
    runs = [treated[s] for s in seeds], [base[s] for s in seeds]
    each = [np.array([100 * np.mean(list(run.values())) for run in side]) for side in runs]
    means, add = each[0] - each[1], 1 / groups
    trials = (sum(map(len, runs[0])), sum(map(len, runs[1])))
    rates = (float(each[0].mean()), float(each[1].mean()))
    apart = tuple(Side(own, _luck(side, add)) for own, side in zip(each, runs, strict=True))
    by_seed = same_runs or len(seeds) >= PAIRED_FROM
    if not pair or any(treated[s].keys() != base[s].keys() for s in seeds):
        centre, floor = _unpaired_floor(*runs, add)
        sides = (Side(means, floor),) if by_seed else apart
        states = sum(map(_state_variance, runs))
        return Group(seeds, means, states, centre, floor, sum(map(_rarer, runs)), sides, paired=False, trials=trials, rates=rates)
    differences = [{state: t[state] - b[state] for state in t} for t, b in zip(*runs, strict=True)]
    flat = np.array([d for run in differences for d in run.values()])
    n, gained, lost = len(flat), float(flat.clip(0).sum()), float((-flat).clip(0).sum())
    smoothed_n = n + 2 * add
    up, down = (gained + add) / smoothed_n, (lost + add) / smoothed_n
    square = (float((flat**2).sum()) + 2 * add) / smoothed_n
    floor = 1e4 * (square - (up - down) ** 2) / smoothed_n
    return Group(
        seeds,
        means,
        _state_variance(differences),
        100 * (up - down),
        floor,
        events=float((flat != 0).sum()),
        sides=(Side(means, floor),) if by_seed else apart,
        pairs=n,
        gained=int((flat > 0).sum()),
        lost=int((flat < 0).sum()),
        left_out=left_out,
        trials=trials,
        rates=rates,
    )


def _unequal(treated: Mapping[int, Outcomes], base: Mapping[int, Outcomes], groups: int, pair: bool) -> Group:
    """Uplift where one side has seeds that the other lacks: every run counts, each side with a spread of its own.

    Pairs are counted over the seeds that both have. Where all runs have the same initial states, what states do to both sides
    cancels as far as runs of different sides show that it does.
    """
    common = uplift_group(treated, base, groups, pair=pair, all_runs=False)
    sides = [[side[s] for s in sorted(side)] for side in (treated, base)]
    if common.left_out:  # one side stopped early: all are cut to the states that every run has
        kept = set.intersection(*(set(run) for side in sides for run in side))
        sides = [[{state: run[state] for state in sorted(kept)} for run in side] for side in sides]
    each = [np.array([100 * np.mean(list(run.values())) for run in side]) for side in sides]
    centre, floor = _unpaired_floor(*sides, 1 / groups)
    value = float(each[0].mean() - each[1].mean())
    paired = common.paired and len({frozenset(run) for side in sides for run in side}) == 1
    shared = sum(map(_state_variance, sides)) - (2 * _common_variance(*sides) if paired else 0.0)
    return replace(
        common,
        paired=paired,
        unit_means=common.unit_means + value - common.unit_means.mean(),
        state_variance=shared,
        floor_centre=centre,
        floor_variance=floor,
        events=sum(map(_rarer, sides)),
        sides=tuple(Side(means, _luck(side, 1 / groups)) for means, side in zip(each, sides, strict=True)),
        trials=(sum(map(len, sides[0])), sum(map(len, sides[1]))),
        rates=(float(each[0].mean()), float(each[1].mean())),
        more_runs=len(treated.keys() ^ base.keys()),
    )


def clusters(runs: Mapping[int, Outcomes]) -> Outcomes:
    """One value for each initial state over all repetitions with one policy: repetitions are no further states.

    Their mean is that over all trials. A state's value is its mean outcome, taken as far from that as its share of trials says
    (linearised, as for cluster samples); with as many repetitions each it is the mean outcome itself.
    """
    found: dict[str, list[float]] = {}
    for run in runs.values():
        for state, outcome in run.items():
            found.setdefault(state, []).append(outcome)
    total = sum(map(len, found.values()))
    mean = sum(map(sum, found.values())) / total
    return {s: mean + (sum(own) - mean * len(own)) * len(found) / total for s, own in found.items()}


def _once(runs: Mapping[int, Outcomes]) -> Mapping[int, Outcomes]:
    """One run where all are the very same trials, which stand for every seed of a study."""
    first = min(runs)
    return {first: runs[first]} if all(run == runs[first] for run in runs.values()) else runs


def fixed_rate_group(runs: Mapping[int, Outcomes], level: float, groups: int = 1) -> Group:
    """Success rate of one policy whose seeds are repetitions: the unit is the initial state."""
    means = clusters(runs)
    group = rate_group({0: means}, level, groups)
    units = 100 * np.array(list(means.values()))
    return replace(group, seeds=tuple(sorted(runs)), unit_means=units, sides=(Side(units, group.floor_variance),), fixed=(True,))


def fixed_group(
    treated: Mapping[int, Outcomes], base: Mapping[int, Outcomes], fixed: tuple[bool, bool], groups: int = 1, pair: bool = True
) -> Group:
    """Uplift where one side or both (`fixed`) are one policy: what another training would give takes no part in that side.

    Two fixed policies are compared over initial states, each a cluster of its repetitions. One beside an approach that was
    trained several times is compared with its training runs, whose spread stays; its own error is that of initial states.
    """
    if all(fixed):
        treated, base = _once(treated), _once(base)
    common = uplift_group(treated, base, groups, pair=pair)
    once = uplift_group({0: clusters(treated)}, {0: clusters(base)}, groups, pair=pair)
    own, other, _ = common_states({0: clusters(treated)}, {0: clusters(base)})
    own, other = own[0], other[0]
    paired = pair and own.keys() == other.keys()
    kept = {name: getattr(common, name) for name in ("seeds", "pairs", "gained", "lost", "trials")} | {"fixed": fixed}
    if all(fixed):
        if paired:
            units = 100 * np.array([own[state] - other[state] for state in own])
            return replace(once, **kept, unit_means=units, sides=(Side(units, once.floor_variance),))
        each = [100 * np.array(list(side.values())) for side in (own, other)]
        sides = tuple(Side(units, _luck([side], 1 / groups)) for units, side in zip(each, (own, other), strict=True))
        return replace(once, **kept, unit_means=each[0] - each[1].mean(), sides=sides, paired=False)
    trained, policy = (base, own) if fixed[0] else (treated, other)
    runs = [trained[s] for s in sorted(trained)]
    means = np.array([100 * np.mean(list(run.values())) for run in runs])
    single = 100 * np.array(list(policy.values()))
    states = single.var(ddof=1) / len(single) if len(single) > 1 else np.inf
    states += _state_variance(runs) - (2 * _common_variance([policy], runs) if paired else 0.0)
    units = single.mean() - means if fixed[0] else means - single.mean()
    side = Side(means, _luck(runs, 1 / groups))
    return replace(
        common, seeds=tuple(sorted(trained)), unit_means=units, state_variance=float(states), sides=(side,), fixed=fixed
    )


def common_states(
    treated: Mapping[int, Outcomes], base: Mapping[int, Outcomes]
) -> tuple[Mapping[int, Outcomes], Mapping[int, Outcomes], int]:
    """Both sides cut to the initial states of the shorter one, and how many trials that leaves out.

    Only where each seed's states of one side hold all of the other's, as when one side stopped early: sets that overlap
    in part are left as they are, to be compared unpaired.
    """
    seeds = treated.keys() & base.keys()
    pairs = [(treated[s].keys(), base[s].keys()) for s in seeds]
    if not any(a != b for a, b in pairs) or not all(a and b and (a <= b or b <= a) for a, b in pairs):
        return treated, base, 0
    ours, theirs = (
        {s: {state: v for state, v in side[s].items() if state in other[s]} for s in seeds}
        for side, other in ((treated, base), (base, treated))
    )
    return ours, theirs, sum(len(a ^ b) for a, b in pairs)


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


def _common_variance(treated: Sequence[Outcomes], base: Sequence[Outcomes]) -> float:
    """What initial states do to the means of both sides alike, a covariance in points squared; all runs have the same states."""
    states = list(treated[0])
    ours, theirs = (np.array([np.mean([run[s] for run in side]) for s in states]) for side in (treated, base))
    return 1e4 * float(np.cov(ours, theirs)[0, 1]) / len(states) if len(states) > 1 else 0.0


def _rarer(runs: Sequence[Outcomes]) -> float:
    """How often the rarer of success and failure came."""
    successes, total = sum(sum(run.values()) for run in runs), sum(len(run) for run in runs)
    return min(successes, total - successes)


def _luck(runs: Sequence[Outcomes], add: float) -> float:
    """Variance of the mean over all trials of one side, in points squared; `add` successes and failures smooth it."""
    n = sum(len(run) for run in runs) + 2 * add
    rate = (sum(sum(run.values()) for run in runs) + add) / n
    square = (sum(x * x for run in runs for x in run.values()) + add) / n
    return 1e4 * (square - rate**2) / n


def _unpaired_floor(treated: Sequence[Outcomes], base: Sequence[Outcomes], add: float) -> tuple[float, float]:
    centres, variances = [], []
    for runs in (treated, base):
        n = sum(len(run) for run in runs) + 2 * add
        rate = (sum(sum(run.values()) for run in runs) + add) / n
        centres.append(100 * rate)
        variances.append(1e4 * rate * (1 - rate) / n)
    return centres[0] - centres[1], sum(variances)
