"""Means with standard errors, Cohen's d and Hedges' g: worked examples, real logs, and how d's band holds."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from runtime.stats.effects.scores import Runs
from runtime.stats.effects.sizes import by_seed, correction, mean_over_runs, standardised


def one(values: list[float] | np.ndarray) -> Runs:
    return Runs.of([values])


def with_moments(mean: float, sd: float, n: int) -> np.ndarray:
    """So many values with exactly this mean and standard deviation."""
    values = stats.norm.ppf((np.arange(n) + 0.5) / n)
    return mean + sd * (values - values.mean()) / values.std(ddof=1)


def test_two_groups_of_fifty_by_the_textbook_formulas() -> None:
    """Means 103 and 100, standard deviations 5.5 and 4.5, by hand: d = 3 / sqrt((5.5^2 + 4.5^2) / 2) = 0.5970,
    J = 1 - 3 / (4 * 98 - 1) = 0.9923 (Hedges' approximation), g = J d = 0.5924, and the usual large-sample variance
    of d, 100 / 2500 + d^2 / 200 = 0.0418."""
    found = standardised(one(with_moments(103, 5.5, 50)), one(with_moments(100, 4.5, 50)), 0.95)
    assert found is not None
    assert found.d == pytest.approx(0.5970, abs=5e-5)
    assert correction(98) == pytest.approx(0.9923, abs=5e-5)
    assert found.g == pytest.approx(0.5924, abs=1e-4)
    assert found.degrees == 98
    reach = 1.96 * (100 / 2500 + found.d**2 / 200) ** 0.5  # the normal band, near enough with this many
    assert (found.band.low, found.band.high) == pytest.approx((found.d - reach, found.d + reach), abs=0.01)


def test_the_spread_between_seeds_of_real_logs(shared_data: Path) -> None:
    """Twelve conditions of a published evaluation, ten seeds each: mean uplift and its spread as given beside them."""
    folder = shared_data / "eval_logs" / "clutter_spoon"
    for said in csv.DictReader((folder / "EXPECTED.csv").open()):
        rows = list(csv.DictReader((folder / f"{said['category']}_n{said['n_distractors']}.csv").open()))
        seeds = sorted({row["seed"] for row in rows})
        away = [
            100 * np.mean([int(r["cgvd_success"]) - int(r["baseline_success"]) for r in rows if r["seed"] == seed])
            for seed in seeds
        ]
        found = mean_over_runs(one(away))
        assert found.n == int(said["seeds"])
        assert found.value == pytest.approx(float(said["uplift_pp"]))
        assert found.error is not None
        assert found.error * found.n**0.5 == pytest.approx(float(said["seed_sd_uplift"]))


def test_effect_sizes_by_hand() -> None:
    found = standardised(one([3, 4, 5]), one([1, 2, 3]), 0.95)
    assert found is not None
    assert found.d == pytest.approx(2.0)
    assert found.g == pytest.approx(2.0 * (1 - 3 / (4 * 4 - 1)), rel=0.003)
    assert standardised(one([3]), one([1]), 0.95) is None
    assert standardised(one([2, 2]), one([1, 1]), 0.95) is None
    assert standardised(one([0.1 + 0.2, 0.3]), one([0.1, 0.1]), 0.95) is None
    assert mean_over_runs(one([40])).error is None
    with pytest.raises(ValueError, match="2 tasks against 1"):
        standardised(Runs.of([[1, 2], [1, 2]]), one([1, 2]), 0.95)


def test_how_hard_a_task_is_does_not_count_as_spread() -> None:
    """Two tasks far apart: the mean's error and d are those of runs within a task."""
    hard, easy = np.array([10.0, 12, 14]), np.array([80.0, 82, 84])
    found = mean_over_runs(Runs.of([hard, easy]))
    assert (found.value, found.n) == (47, 6)
    assert found.error == pytest.approx((2 * 4 / 3) ** 0.5 / 2)
    effect = standardised(Runs.of([hard + 4, easy + 4]), Runs.of([hard, easy]), 0.95)
    assert effect is not None
    assert (effect.d, effect.degrees) == (pytest.approx(2.0), 8)
    # Without a difference the band is the normal one of a mean over two tasks of three runs a side.
    nothing = standardised(Runs.of([hard, easy]), Runs.of([hard, easy]), 0.95)
    assert nothing is not None
    assert nothing.band.high == pytest.approx(stats.norm.ppf(0.975) * (4 / 3) ** 0.5 / 2, rel=1e-5)


def test_runs_that_serve_all_tasks_count_once() -> None:
    runs = Runs.of([[10.0, 20, 30], [30.0, 40, 50]])
    united = by_seed(runs)
    assert united is not None
    assert united.values == pytest.approx([20, 30, 40])
    apart, together = mean_over_runs(runs), mean_over_runs(united)
    assert (apart.value, apart.n, together.value, together.n) == (30, 6, 30, 3)
    assert together.error == pytest.approx(2**0.5 * (apart.error or 0))
    assert by_seed(Runs.of([[1.0, 2.0], [1.0]])) is None


@given(
    st.lists(st.floats(0, 100), min_size=2, max_size=6),
    st.lists(st.floats(0, 100), min_size=2, max_size=6),
    st.floats(0.1, 10),
    st.floats(-50, 50),
)
@settings(max_examples=60, deadline=None)
def test_d_has_no_units_and_two_sides(a: list[float], b: list[float], scale: float, shift: float) -> None:
    found, other = standardised(one(a), one(b), 0.9), standardised(one(b), one(a), 0.9)
    if found is None or max(np.ptp(a), np.ptp(b)) < 1e-3:
        return
    assert other is not None
    assert other.d == pytest.approx(-found.d, abs=1e-9)
    assert (other.band.low, other.band.high) == pytest.approx((-found.band.high, -found.band.low), rel=1e-4, abs=1e-4)
    assert found.band.contains(found.d)
    assert abs(found.g) <= abs(found.d)
    moved = standardised(one(scale * np.array(a) + shift), one(scale * np.array(b) + shift), 0.9)
    assert moved is not None
    assert moved.d == pytest.approx(found.d, rel=1e-4, abs=1e-4)


def test_hedges_correction_takes_the_bias_away_and_the_band_holds() -> None:
    rng = np.random.default_rng(2)
    found = [standardised(one(rng.standard_normal(3) + 1), one(rng.standard_normal(3)), 0.9) for _ in range(6000)]
    kept = [effect for effect in found if effect]
    assert np.mean([effect.g for effect in kept]) == pytest.approx(1, abs=0.06)
    assert np.mean([effect.d for effect in kept]) > 1.15
    assert np.mean([effect.band.contains(1) for effect in kept]) == pytest.approx(0.9, abs=0.015)
