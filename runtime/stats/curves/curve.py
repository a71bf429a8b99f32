"""Learning curves: success against gradient steps, straight between checkpoints, with bands over training runs.

All checkpoints of all runs are tried from the same initial states. The mean height of a curve, state by state, is a
score between 0 and 1 for each run and state, so that areas and their differences take the path of every other rate and
uplift: the training run is the unit, runs pair by seed index and state by state.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from runtime.stats.inference.estimate import Estimate, estimate
from runtime.stats.inference.group import Outcomes, rate_group, uplift_group
from runtime.stats.inference.rate import POINTS
from runtime.stats.inference.uplift import POINTS as UPLIFT_POINTS
from runtime.stats.table.outcomes import Place

Run = Mapping[int, Outcomes]
"""One training run's curve: gradient steps -> initial state -> outcome, 0..1. Never empty."""
Curves = Mapping[Place, Mapping[int, Run]]
"""Place -> seed index -> run: the curves of one approach."""
Range = tuple[float, float]


@dataclass(frozen=True)
class Point:
    """The rate after `amount` gradient steps, from so many trials."""

    amount: int
    estimate: Estimate
    trials: int


def extent(run: Run) -> Range | None:
    """First and last amount of a curve; None for a policy that was never trained, whose curve is flat for ever."""
    return None if set(run) == {0} else (float(min(run)), float(max(run)))


def at_amount(run: Run, amount: float) -> dict[str, float]:
    """Outcomes after `amount` steps, straight between checkpoints; a flat curve's anywhere.

    Raises:
        ValueError: outside the curve.
    """
    span = extent(run)
    if span is None:
        return dict(run[0])
    if not span[0] <= amount <= span[1]:
        raise ValueError(f"the curve runs from {span[0]:g} to {span[1]:g} steps, not to {amount:g}")
    before, after = max(x for x in run if x <= amount), min(x for x in run if x >= amount)
    share = 0.0 if after == before else (amount - before) / (after - before)
    return {state: (1 - share) * run[before][state] + share * run[after][state] for state in run[before]}


def heights(run: Run, over: Range | None) -> dict[str, float]:
    """Mean height of a curve between two amounts, for each initial state: 0..1. Of one amount, the outcomes there.

    None stands for anywhere, which only flat curves allow.
    """
    if over is None or extent(run) is None:
        return dict(run[0])
    low, high = over
    knots = sorted({low, high, *(float(x) for x in run if low < x < high)})
    if len(knots) == 1:
        return at_amount(run, low)
    found = [at_amount(run, x) for x in knots]
    # Trapezoids: each knot weighs half of the intervals beside it.
    gaps = np.diff(knots) / (high - low)
    weights = np.concatenate([gaps, [0.0]]) / 2 + np.concatenate([[0.0], gaps]) / 2
    return {state: float(sum(w * y[state] for w, y in zip(weights, found, strict=True))) for state in found[0]}


def common(runs: Iterable[Run]) -> tuple[bool, Range | None]:
    """(whether there is one, the range of amounts that all these curves have); the range is None for flat curves."""
    spans = [span for run in runs if (span := extent(run)) is not None]
    if not spans:
        return True, None
    low, high = max(low for low, _ in spans), min(high for _, high in spans)
    return low <= high, (low, high)


def points(curves: Curves, level: float, shared_training: bool = False) -> list[Point]:
    """A point for each amount, over places that each count the same; none where places or runs differ in amounts."""
    places = list(curves.values())
    amounts = {tuple(sorted(run)) for runs in places for run in runs.values()}
    if len(amounts) != 1:
        return []
    found = []
    for amount in amounts.pop():
        here = [{seed: run[amount] for seed, run in runs.items()} for runs in places]
        groups = [rate_group(runs, level, len(places)) for runs in here]
        trials = sum(len(outcomes) for runs in here for outcomes in runs.values())
        found.append(Point(amount, estimate(groups, level, POINTS, shared_training, logit=True), trials))
    return found


def mean_height(curves: Curves, level: float, shared_training: bool = False) -> tuple[Estimate, Range | None] | None:
    """The area under the curves over the amounts that all of them have, as a mean height in points; with the range."""
    there, over = common(run for runs in curves.values() for run in runs.values())
    if not there:
        return None
    groups = [
        rate_group({seed: heights(run, over) for seed, run in runs.items()}, level, len(curves)) for runs in curves.values()
    ]
    return estimate(groups, level, POINTS, shared_training, logit=True), over


def shared(treated: Curves, base: Curves) -> tuple[Curves, Curves]:
    """The curves at the places and of the seed indices that both have."""
    places = [place for place in treated if place in base and treated[place].keys() & base[place].keys()]
    seeds = {place: sorted(treated[place].keys() & base[place].keys()) for place in places}
    ours, theirs = ({p: {s: side[p][s] for s in seeds[p]} for p in places} for side in (treated, base))
    return ours, theirs


def difference(
    treated: Curves, base: Curves, level: float, shared_training: bool = False, pair: bool = True
) -> tuple[Estimate, Range | None] | None:
    """Difference of mean heights, in points, over the amounts that all curves have; None where there is nothing to
    compare. `pair` is False where trials of the domain are shown not to reproduce."""
    ours, theirs = shared(treated, base)
    there, over = common(run for side in (ours, theirs) for runs in side.values() for run in runs.values())
    if not ours or not there:
        return None
    groups = [
        uplift_group(
            {seed: heights(run, over) for seed, run in ours[place].items()},
            {seed: heights(run, over) for seed, run in theirs[place].items()},
            len(ours),
            pair=pair,
        )
        for place in ours
    ]
    return estimate(groups, level, UPLIFT_POINTS, shared_training), over


def lead(
    treated: Curves, base: Curves, amount: float, at: float, level: float, shared_training: bool = False, pair: bool = True
) -> Estimate:
    """The treatment after `amount` steps minus the baseline after `at`, in points; both must have the same runs."""
    groups: Sequence = [
        uplift_group(
            {seed: at_amount(run, amount) for seed, run in treated[place].items()},
            {seed: at_amount(run, at) for seed, run in base[place].items()},
            len(treated),
            pair=pair,
        )
        for place in treated
    ]
    return estimate(groups, level, UPLIFT_POINTS, shared_training)
