"""Summaries over tasks against analytic values, and what they cannot do with few runs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from runtime.stats.effect import cohens_d, hedges_g, mean_over_runs
from runtime.stats.scores import (
    interquartile_mean,
    optimality_gap,
    performance_profile,
    probability_of_improvement,
    stratified_bootstrap,
)


def test_interquartile_mean_leaves_out_a_quarter_at_each_end() -> None:
    scores = np.array([[1.0, 2, 3, 100], [4, 5, 6, -50]])
    assert interquartile_mean(scores) == pytest.approx((2 + 3 + 4 + 5) / 4)
    assert interquartile_mean(np.full((3, 4), 0.7)) == pytest.approx(0.7)
    normal = stats.norm.ppf((np.arange(4000) + 0.5) / 4000).reshape(4, 1000) + 2
    assert interquartile_mean(normal) == pytest.approx(2)
    assert optimality_gap(np.array([[0.5, 2.0]])) == pytest.approx(0.25)


def test_probability_of_improvement_of_normal_scores() -> None:
    """P(X > Y) for normals one standard deviation apart is Phi(1 / sqrt 2)."""
    grid = stats.norm.ppf((np.arange(400) + 0.5) / 400)
    found = probability_of_improvement(grid[None] + 1, grid[None])
    assert found == pytest.approx(stats.norm.cdf(2**-0.5), abs=0.002)
    u = stats.mannwhitneyu([3.0, 4, 9], [1.0, 4, 5, 6]).statistic
    assert probability_of_improvement(np.array([[3.0, 4, 9]]), np.array([[1.0, 4, 5, 6]])) == pytest.approx(u / 12)
    with pytest.raises(ValueError, match="2 tasks against 1"):
        probability_of_improvement(np.zeros((2, 3)), np.zeros((1, 3)))


@given(st.lists(st.integers(-5, 5), min_size=3, max_size=3), st.lists(st.integers(-5, 5), min_size=4, max_size=4))
@settings(max_examples=50, deadline=None)
def test_sides_swapped_add_up_to_one(a: list[int], b: list[int]) -> None:
    one, other = np.array([a]), np.array([b])
    assert probability_of_improvement(one, other) + probability_of_improvement(other, one) == pytest.approx(1)
    # Any rising transformation leaves ranks alone.
    assert probability_of_improvement(2 * one + 1, 2 * other + 1) == probability_of_improvement(one, other)


def test_profiles_fall_and_enclose_the_mean() -> None:
    scores = np.random.default_rng(0).random((5, 40))
    thresholds = np.linspace(0, 1, 2001)
    profile = performance_profile(scores, thresholds)
    assert (np.diff(profile) <= 0).all()
    assert np.trapezoid(profile, thresholds) == pytest.approx(scores.mean(), abs=1e-3)


def test_a_bootstrap_needs_runs() -> None:
    rng = np.random.default_rng(1)
    scores = rng.random((3, 12))
    band = stratified_bootstrap(interquartile_mean, scores, draws=400)
    assert band.contains(interquartile_mean(scores))
    assert band == stratified_bootstrap(interquartile_mean, scores, draws=400)
    with pytest.raises(ValueError, match="at least 5"):
        stratified_bootstrap(interquartile_mean, scores[:, :3])


def test_effect_sizes_by_hand() -> None:
    assert cohens_d([3, 4, 5], [1, 2, 3]) == pytest.approx(2.0)
    assert hedges_g([3, 4, 5], [1, 2, 3]) == pytest.approx(2.0 * (1 - 3 / (4 * 4 - 1)), rel=0.003)
    assert cohens_d([3], [1]) is None
    assert cohens_d([2, 2], [1, 1]) is None
    assert str(mean_over_runs([40, 50, 60])) == "50.0 ± 5.8 (SE, n=3)"
    assert str(mean_over_runs([40])) == "40.0 ± unknown (SE, n=1)"
    with pytest.raises(ValueError, match="at least one"):
        mean_over_runs([])


def test_hedges_correction_takes_the_bias_away() -> None:
    rng = np.random.default_rng(2)
    pairs = [(rng.standard_normal(3) + 1, rng.standard_normal(3)) for _ in range(6000)]
    assert np.mean([hedges_g(a, b) for a, b in pairs]) == pytest.approx(1, abs=0.06)
    assert np.mean([cohens_d(a, b) or 0 for a, b in pairs]) > 1.15
