"""Summaries over tasks and runs against published values, their definitions, and what they cannot do with few runs."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from runtime.stats.effects.scores import (
    FEWEST,
    Runs,
    bootstrap_band,
    interquartile_mean,
    optimality_gap,
    performance_profile,
    probability_of_improvement,
    resample,
)
from tests.runtime.stats.published import diamond

VALUES = st.integers(-5, 5).map(float)
TASKS = st.lists(st.lists(VALUES, min_size=1, max_size=5), min_size=1, max_size=4)


def improvement(treated: list[list[float]] | np.ndarray, base: list[list[float]] | np.ndarray) -> float:
    return float(probability_of_improvement(Runs.of(treated), Runs.of(base))[0])


def test_aggregates_of_published_atari_runs() -> None:
    """Of the runs behind Alonso et al. (2024): their mean as the abstract gives it, the rest as SciPy's trimmed mean
    (rliable's aggregate_iqm is that, over all runs and tasks) and the plain definition have it."""
    runs = Runs.of(diamond())
    assert round(diamond().mean(), 2) == 1.46
    assert interquartile_mean(runs)[0] == pytest.approx(stats.trim_mean(diamond(), 0.25, axis=None))
    assert interquartile_mean(runs)[0] == pytest.approx(0.641, abs=5e-4)
    assert optimality_gap(runs)[0] == pytest.approx(1 - np.minimum(diamond(), 1).mean())
    assert optimality_gap(runs)[0] == pytest.approx(0.480, abs=5e-4)
    # Games that beat people in the mean of their runs, and the share of runs that do.
    assert sum(performance_profile(Runs.of([[row.mean()]]), np.array([1.0]))[0, 0] for row in diamond()) == 11
    profile = performance_profile(runs, np.array([0.0, 1.0, 2.0]))[0]
    assert profile == pytest.approx([(diamond() > t).mean() for t in (0.0, 1.0, 2.0)])


def test_worked_values_of_the_reference_implementation() -> None:
    """The examples that rliable tests itself by: google-research/rliable, tests/rliable/metrics_test.py, Apache."""
    x, y = np.array([[1, 2], [2, 2], [1, 1], [2, 1]]).T, np.array([[1, 1], [2, 2], [3, 3]]).T
    assert interquartile_mean(Runs.of(x))[0] == 1.5
    assert interquartile_mean(Runs.of(y))[0] == 2
    assert improvement(x, y) == pytest.approx(1 / 3)


@given(TASKS)
@settings(max_examples=80, deadline=None)
def test_each_is_its_definition(rows: list[list[float]]) -> None:
    """However many runs each task has."""
    runs, values = Runs.of(rows), sorted(v for row in rows for v in row)
    cut = len(values) // 4
    assert interquartile_mean(runs)[0] == pytest.approx(np.mean(values[cut : len(values) - cut]))
    assert optimality_gap(runs, target=2.0)[0] == pytest.approx(
        np.mean([np.mean([max(2.0 - v, 0.0) for v in row]) for row in rows])
    )
    for threshold in (-2.0, 0.0, 1.5):
        share = np.mean([np.mean([v > threshold for v in row]) for row in rows])
        assert performance_profile(runs, np.array([threshold]))[0, 0] == pytest.approx(share)


@given(st.data())
@settings(max_examples=80, deadline=None)
def test_improvement_is_its_definition_and_has_two_sides(data: st.DataObject) -> None:
    ours = data.draw(TASKS)
    theirs = [data.draw(st.lists(VALUES, min_size=1, max_size=5)) for _ in ours]
    pairs = [np.mean([(a > b) + 0.5 * (a == b) for a, b in product(x, y)]) for x, y in zip(ours, theirs, strict=True)]
    assert improvement(ours, theirs) == pytest.approx(np.mean(pairs))
    assert improvement(ours, theirs) + improvement(theirs, ours) == pytest.approx(1)
    # Any rising transformation leaves ranks alone.
    assert improvement([[2 * v + 1 for v in row] for row in ours], [[2 * v + 1 for v in row] for row in theirs]) == (
        pytest.approx(np.mean(pairs))
    )


def test_improvement_of_normal_scores() -> None:
    """P(X > Y) for normals one standard deviation apart is Phi(1 / sqrt 2); of one task it is Mann and Whitney's U."""
    grid = stats.norm.ppf((np.arange(400) + 0.5) / 400)
    assert improvement(grid[None] + 1, grid[None]) == pytest.approx(stats.norm.cdf(2**-0.5), abs=0.002)
    u = stats.mannwhitneyu([3.0, 4, 9], [1.0, 4, 5, 6]).statistic
    assert improvement([[3.0, 4, 9]], [[1.0, 4, 5, 6]]) == pytest.approx(u / 12)
    with pytest.raises(ValueError, match="2 tasks against 1"):
        improvement(np.zeros((2, 3)), np.zeros((1, 3)))
    with pytest.raises(ValueError, match="at least one run"):
        Runs.of([[1.0], []])


def test_profiles_fall_and_enclose_the_mean() -> None:
    scores = np.random.default_rng(0).random((5, 40))
    thresholds = np.linspace(0, 1, 2001)
    profile = performance_profile(Runs.of(scores), thresholds)[0]
    assert (np.diff(profile) <= 1e-12).all()
    assert np.trapezoid(profile, thresholds) == pytest.approx(scores.mean(), abs=1e-3)


@given(TASKS, st.booleans())
@settings(max_examples=40, deadline=None)
def test_draws_keep_every_task_and_every_seed_whole(rows: list[list[float]], shared: bool) -> None:
    rows = [row[: min(map(len, rows))] for row in rows] if shared else rows
    runs = Runs.of(rows)
    times = resample(runs, np.random.default_rng(0), shared, draws=30)
    assert times.shape == (30, len(runs.values))
    for own, count in zip(runs.slices, runs.per_task, strict=True):
        assert (times[:, own].sum(1) == count).all()
    if shared:  # one draw of seeds for all tasks
        by_task = times.reshape(30, len(rows), -1)
        assert (by_task == by_task[:, :1]).all()


def test_statistics_of_a_draw_are_those_of_the_runs_drawn() -> None:
    rng = np.random.default_rng(3)
    runs, base = Runs.of(rng.random((3, 6))), Runs.of(rng.random((3, 5)))
    times = [resample(side, rng, draws=20) for side in (runs, base)]
    drawn = [
        [Runs.of([np.repeat(side.values[own], counts[own].astype(int)) for own in side.slices]) for counts in of_side]
        for side, of_side in zip((runs, base), times, strict=True)
    ]
    at = np.array([0.3, 0.7])
    assert interquartile_mean(runs, times[0]) == pytest.approx([interquartile_mean(d)[0] for d in drawn[0]])
    assert optimality_gap(runs, times[0]) == pytest.approx([optimality_gap(d)[0] for d in drawn[0]])
    assert performance_profile(runs, at, times[0]) == pytest.approx(np.array([performance_profile(d, at)[0] for d in drawn[0]]))
    assert probability_of_improvement(runs, base, (times[0], times[1])) == pytest.approx(
        [probability_of_improvement(a, b)[0] for a, b in zip(*drawn, strict=True)]
    )


def test_seeds_that_serve_all_tasks_must_be_in_all() -> None:
    with pytest.raises(ValueError, match="lack a seed"):
        resample(Runs.of([[1.0, 2.0], [1.0]]), np.random.default_rng(0), shared_training=True)


def test_a_bootstrap_needs_runs() -> None:
    few = Runs.of(np.zeros((3, FEWEST - 1)))
    with pytest.raises(ValueError, match=f"at least {FEWEST}"):
        bootstrap_band(np.zeros(10), [few], 0.95)


def test_bands_keep_their_level_with_five_runs() -> None:
    """Where plain percentiles, of the same draws, do not. Full figures: `python -m benchmarks.effects`."""
    rng = np.random.default_rng(4)
    inside, plain, studies = 0, 0, 400
    for _ in range(studies):
        runs = Runs.of(rng.standard_normal((2, FEWEST)))
        draws = interquartile_mean(runs, resample(runs, rng, draws=600))
        low, high = bootstrap_band(draws, [runs], 0.9)
        inside += low <= 0 <= high
        low, high = np.quantile(draws, [0.05, 0.95])
        plain += low <= 0 <= high
    assert inside / studies == pytest.approx(0.9, abs=0.05)
    assert plain < inside - 10


def test_percentiles_are_read_wider_the_fewer_runs_there_are() -> None:
    """Of draws that are exactly normal: Student's quantile, times the root of n / (n - 1)."""
    draws = stats.norm.ppf((np.arange(200_000) + 0.5) / 200_000)
    for tasks, runs in ((1, 5), (3, 5), (2, 20)):
        low, high = bootstrap_band(draws, [Runs.of(np.zeros((tasks, runs)))], 0.95)
        reach = (runs / (runs - 1)) ** 0.5 * stats.t.ppf(0.975, tasks * (runs - 1))
        assert (low, high) == pytest.approx((-reach, reach), rel=0.01)
    one_training = [Runs.of(np.zeros((3, 5)))]
    assert bootstrap_band(draws, one_training, 0.95, True)[1] > bootstrap_band(draws, one_training, 0.95)[1] + 0.3
