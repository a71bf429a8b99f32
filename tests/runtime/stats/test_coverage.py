"""The band keeps its level where those in common use do not; a small version of `benchmarks/coverage.py`."""

import numpy as np
import pytest
from scipy.special import expit, logit

from benchmarks.coverage import measure
from benchmarks.coverage_methods import METHODS, Seen, ours
from benchmarks.coverage_studies import Shape, Truth, expected, studies
from benchmarks.rate_coverage import bands
from benchmarks.rate_coverage import measure as measure_rate
from runtime.stats.inference.estimate import estimate
from runtime.stats.inference.group import uplift_group
from runtime.stats.inference.rate import rate_of


def outcomes(runs: np.ndarray) -> dict[int, dict[str, float]]:
    """[K, N] -> seed -> state -> outcome."""
    return {s: {str(i): float(x) for i, x in enumerate(run)} for s, run in enumerate(runs)}


@pytest.mark.parametrize(
    ("shape", "truth"),
    [
        (Shape(2, 1, 20), Truth(0.05, 0.05, 0.0)),
        (Shape(3, 3, 25), Truth(0.4, 0.7, 15.0)),
        (Shape(5, 2, 12), Truth(0.5, 0.9, 5.0, 3.0)),
    ],
)
def test_the_benchmark_measures_the_band_that_studies_get(shape: Shape, truth: Truth) -> None:
    rng = np.random.default_rng(4)
    treated, base = next(studies(rng, truth, shape, 25))
    low, high = ours(Seen.of(treated, base), 0.9, rng)
    for i in range(25):
        groups = [uplift_group(outcomes(a), outcomes(b), shape.locations) for a, b in zip(treated[i], base[i], strict=True)]
        band = estimate(groups, 0.9, (-100.0, 100.0)).band
        assert (band.low, band.high) == pytest.approx((low[i], high[i]))


def test_simulated_studies_have_the_truth_they_claim() -> None:
    truth = Truth(0.05, 0.8, 15.0, 1.5)
    treated, base = next(studies(np.random.default_rng(2), truth, Shape(2, 2, 30), 8_000))
    assert 100 * treated.mean() == pytest.approx(expected(0.8, 15.0, 1.5), abs=0.5)
    assert 100 * base.mean() == pytest.approx(expected(0.05, 15.0, 1.5), abs=0.5)
    runs = 100 * next(studies(np.random.default_rng(2), Truth(0.5, 0.5, 15.0, 0.0), Shape(2, 1, 200), 4_000))[0].mean(-1)
    assert runs.std() == pytest.approx((15**2 + (2500 - 15**2) / 200) ** 0.5, rel=0.02)


@pytest.mark.parametrize(
    ("shape", "truth"),
    [
        (Shape(2, 1, 40), Truth(0.5, 0.5, 5.0)),
        (Shape(2, 1, 50), Truth(0.05, 0.5, 15.0)),
        (Shape(2, 3, 50), Truth(0.5, 0.65, 15.0)),
        (Shape(3, 1, 50), Truth(0.5, 0.65, 15.0)),
        (Shape(3, 3, 20), Truth(0.05, 0.05, 0.0)),
        (Shape(3, 10, 20), Truth(0.85, 0.95, 5.0)),
        (Shape(5, 1, 50), Truth(0.5, 0.5, 0.0)),
        (Shape(5, 3, 50), Truth(0.05, 0.5, 5.0)),
        (Shape(20, 1, 50), Truth(0.5, 0.65, 15.0, 0.0)),
    ],
)
def test_coverage_is_nominal(shape: Shape, truth: Truth) -> None:
    found = measure(np.random.default_rng(11), truth, shape, 2_000, 0.95, ("ours",))[0]
    # 1.5 points of tolerance and two standard errors of 2,000 studies.
    assert 0.925 <= found.coverage <= 0.975
    assert not found.placebo or found.excludes_zero <= 0.07


@pytest.mark.parametrize("level", [0.8, 0.9, 0.99])
def test_other_levels_are_kept_too(level: float) -> None:
    for shape in (Shape(2, 1, 50), Shape(4, 2, 50)):
        for spread in (0.0, 10.0):
            found = measure(np.random.default_rng(5), Truth(0.5, 0.6, spread), shape, 2_000, level, ("ours",))[0]
            error = (level * (1 - level) / 2_000) ** 0.5
            assert level - 0.015 - 2 * error <= found.coverage <= level + 0.025 + 2 * error


def test_bands_in_common_use_do_not_keep_theirs() -> None:
    """Two seeds, 15 points apart: pooled episodes and resampled seeds are sure of what they cannot know."""
    rows = measure(np.random.default_rng(6), Truth(0.5, 0.5, 15.0), Shape(2, 1, 50), 1_000, 0.95, tuple(METHODS))
    covered = {r.method: r.coverage for r in rows}
    assert covered["ours"] >= 0.93
    assert covered["seed t"] >= 0.93
    assert all(covered[m] < 0.8 for m in ("wald", "newcombe", "episode bootstrap", "seed bootstrap", "mixed model"))


def test_where_seeds_do_not_differ_pooling_episodes_is_calibrated() -> None:
    """The comparison is fair: the simple bands are right in the world that they assume."""
    rows = measure(np.random.default_rng(7), Truth(0.5, 0.65, 0.0, 0.0), Shape(10, 3, 50), 1_000, 0.95, tuple(METHODS))
    simple = ("ours", "wald", "episode bootstrap", "seed t", "mixed model")
    assert all(0.92 <= r.coverage <= 0.975 for r in rows if r.method in simple)
    width = {r.method: r.width for r in rows}
    assert width["ours"] < 1.2 * min(width[m] for m in ("wald", "mixed model", "seed t"))


def test_the_rate_s_benchmark_measures_the_band_that_rates_get() -> None:
    rng = np.random.default_rng(8)
    treated, _ = next(studies(rng, Truth(0.5, 0.9, 10.0), Shape(3, 2, 15), 20))
    low, high = bands(Seen.of(treated, np.zeros_like(treated)), 0.9)["ours"]
    for i in range(20):
        places = {(f"l{j}", "pick"): outcomes(runs) for j, runs in enumerate(treated[i])}
        band = rate_of("a", "twin", places, 0.9).estimate.band
        assert (band.low, band.high) == pytest.approx((low[i], high[i]))


@pytest.mark.parametrize("shape", [Shape(3, 3, 50), Shape(5, 1, 50), Shape(10, 1, 20)])
@pytest.mark.parametrize(("rate", "between"), [(0.05, 0.0), (0.05, 5.0), (0.5, 15.0), (0.9, 5.0)])
def test_rates_are_covered_near_their_ends_too(shape: Shape, rate: float, between: float) -> None:
    found = measure_rate(np.random.default_rng(9), Truth(rate, rate, between), shape, 1_500, 0.95)
    assert 0.92 <= found["ours"][0] <= 0.985
    if (rate, between) == (0.05, 5.0):
        assert found["ours"][0] > found["no logit"][0]
        assert found["wilson"][0] < 0.9


@pytest.mark.parametrize("pair", [True, False])
@pytest.mark.parametrize(
    ("rates", "seeds", "trials", "score"),
    [
        ((0.95, 0.95), 2, 50, False),
        ((0.1, 0.05), 3, 20, False),
        ((0.9, 0.8), 5, 20, False),
        ((0.5, 0.3), 3, 50, True),
        ((0.95, 0.9), 2, 20, True),
    ],
)
def test_unpaired_bands_and_those_of_scores_and_rare_failures_hold(
    rates: tuple[float, float], seeds: int, trials: int, score: bool, pair: bool
) -> None:
    """Also where initial states matter to both sides, which an unpaired comparison counts as luck of each.

    A failure mode's share is a rate near 0 or 1 of the same kind, so these are its bands too.
    """
    rng = np.random.default_rng(20)
    run_spread, state_spread, studies_made = 0.4, 1.0, 500
    drawn = run_spread * rng.standard_normal(200_000) + state_spread * rng.standard_normal(200_000)
    truth = 100 * float(np.diff([expit(logit(rate) + drawn).mean() for rate in rates[::-1]])[0])

    def side(rate: float, states: np.ndarray) -> dict[int, dict[str, float]]:
        away = run_spread * rng.standard_normal((seeds, 1)) + states
        chance = expit(logit(rate) + away)
        return outcomes(rng.beta(4 * chance, 4 * (1 - chance)) if score else rng.random(chance.shape) < chance)

    held = 0
    for _ in range(studies_made):
        states = state_spread * rng.standard_normal(trials)
        group = uplift_group(side(rates[0], states), side(rates[1], states), pair=pair)
        held += estimate([group], 0.95, (-100.0, 100.0)).band.contains(truth)
    assert group.paired is pair
    # Nominal, less three standard errors of 500 studies.
    assert held / studies_made >= 0.92
