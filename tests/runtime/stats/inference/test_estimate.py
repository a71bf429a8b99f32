"""Properties of the band, and its coverage in simulation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.coverage import measure
from benchmarks.coverage_studies import Shape, Truth
from runtime.stats.inference.estimate import Estimate, estimate
from runtime.stats.inference.group import rate_group, uplift_group

POINTS = (-100.0, 100.0)
Runs = dict[int, dict[str, float]]


@st.composite
def paired_runs(draw: st.DrawFn) -> tuple[Runs, Runs]:
    seeds, states = draw(st.integers(2, 4)), draw(st.integers(2, 12))
    outcomes = st.lists(st.booleans(), min_size=seeds * states, max_size=seeds * states)
    sides = []
    for _ in range(2):
        drawn = iter(draw(outcomes))
        sides.append({s: {str(i): float(next(drawn)) for i in range(states)} for s in range(seeds)})
    return sides[0], sides[1]


def found(treated: Runs, base: Runs, level: float = 0.95) -> Estimate:
    return estimate([uplift_group(treated, base)], level, POINTS)


@given(paired_runs())
@settings(max_examples=60, deadline=None)
def test_swapping_the_sides_flips_the_sign(runs: tuple[Runs, Runs]) -> None:
    ahead, behind = found(*runs), found(*runs[::-1])
    assert ahead.value == pytest.approx(-behind.value)
    assert (ahead.band.low, ahead.band.high) == pytest.approx((-behind.band.high, -behind.band.low))


@given(paired_runs(), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_order_of_seeds_and_states_does_not_matter(runs: tuple[Runs, Runs], random: object) -> None:
    def shuffled(side: Runs) -> Runs:
        seeds = list(side)
        random.shuffle(seeds)  # ty: ignore[missing-attribute]
        result = {}
        for seed in seeds:
            states = list(side[seed].items())
            random.shuffle(states)  # ty: ignore[missing-attribute]
            result[seed] = dict(states)
        return result

    one, other = found(*runs), found(shuffled(runs[0]), shuffled(runs[1]))
    assert (one.value, one.band.low, one.band.high) == pytest.approx((other.value, other.band.low, other.band.high))


@given(paired_runs())
@settings(max_examples=60, deadline=None)
def test_the_band_covers_its_estimate_and_stays_possible(runs: tuple[Runs, Runs]) -> None:
    result = found(*runs)
    assert -100 <= result.band.low <= result.value + 1e-9
    assert result.value - 1e-9 <= result.band.high <= 100
    assert result.band.width > 0


@given(paired_runs())
@settings(max_examples=40, deadline=None)
def test_identical_outcomes_are_no_uplift_but_not_certainty(runs: tuple[Runs, Runs]) -> None:
    result = found(runs[0], runs[0])
    assert result.value == 0
    assert result.band.low < 0 < result.band.high


def test_a_higher_level_is_wider() -> None:
    rng = np.random.default_rng(0)
    sides = [{s: {str(i): float(rng.random() < p) for i in range(30)} for s in range(3)} for p in (0.7, 0.4)]
    widths = [found(*sides, level=level).band.width for level in (0.8, 0.95, 0.99)]
    assert widths == sorted(widths)
    assert widths[0] < widths[2]


def test_more_trials_and_more_seeds_shrink_the_band() -> None:
    def mean_width(seeds: int, trials: int) -> float:
        rng = np.random.default_rng(1)
        return measure(rng, Truth(0.5, 0.6, 5.0), Shape(seeds, 1, trials), 60, 0.95, ("ours",))[0].width

    assert mean_width(3, 200) < mean_width(3, 40) < mean_width(3, 10)
    assert mean_width(6, 40) < 0.7 * mean_width(3, 40)


def test_equal_seeds_do_not_make_the_band_vanish() -> None:
    """Each seed gains exactly one pair: the spread between seeds is zero, a bare t band would have no width."""
    base = {s: {str(i): 0.0 for i in range(20)} for s in range(3)}
    treated = {s: {**run, "0": 1.0} for s, run in base.items()}
    result = found(treated, base)
    assert result.value == pytest.approx(5.0)
    assert result.band.low < 2.5
    assert result.band.high > 8


def test_one_seed_knows_nothing_of_other_seeds() -> None:
    run = {0: {str(i): 1.0 for i in range(50)}}
    assert found(run, {0: dict.fromkeys(run[0], 0.0)}).band.to_json() == (-100, 100)


def test_a_rate_of_zero_keeps_a_band() -> None:
    runs = {s: {str(i): 0.0 for i in range(40)} for s in range(3)}
    band = estimate([rate_group(runs, 0.95)], 0.95, (0.0, 100.0)).band
    assert band.low == 0
    assert 2 < band.high < 6  # the exact bound for 0 of 120 is 3.0


def test_luck_shared_by_all_locations_counts_once() -> None:
    """Four copies of one location: independent runs would be four times the evidence, one shared run is not."""
    rng = np.random.default_rng(3)
    sides = [{s: {str(i): float(rng.random() < p + 0.1 * s) for i in range(40)} for s in range(3)} for p in (0.5, 0.2)]
    group = uplift_group(*sides, groups=4)
    apart, together = (estimate([group] * 4, 0.95, POINTS, shared).band.width for shared in (False, True))
    assert together > 1.8 * apart


def test_states_shared_by_all_seeds_widen_the_band() -> None:
    """Half of the states always gain and half always lose: seeds agree, yet other states could have been drawn."""
    base = {s: {str(i): float(i % 2) for i in range(20)} for s in range(3)}
    treated = {s: {str(i): float(1 - i % 2) for i in range(20)} for s in range(3)}
    result = found(treated, base)
    assert result.value == 0
    # Standard deviation 100 points over 20 states: t with 19 degrees of freedom times 100 / sqrt(20).
    assert result.band.high == pytest.approx(46.8, abs=4)


def test_scores_go_through_the_same_machinery() -> None:
    """Steady scores have a narrow band; cut to successes they would be all or nothing."""
    rng = np.random.default_rng(8)
    good, poor = (
        {s: {str(i): float(np.clip(mean + 0.02 * rng.standard_normal(), 0, 1)) for i in range(40)} for s in range(3)}
        for mean in (0.6, 0.5)
    )
    result = found(good, poor)
    assert result.value == pytest.approx(10, abs=1.5)
    assert result.band.width < 8
    assert found(poor, good).band.high == pytest.approx(-result.band.low)
    rate = estimate([rate_group(good, 0.95)], 0.95, (0.0, 100.0)).band
    assert rate.contains(60)
    assert rate.width < 6
