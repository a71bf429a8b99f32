"""Interim looks: settled comparisons stop, open ones go on, and the budget is kept."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.coverage_studies import Shape, Truth
from benchmarks.interim import measure
from runtime.bound.sequential import Schedule
from runtime.stats.inference.group import common_states, uplift_group
from runtime.stats.looks.always_valid import confidence_sequence, leaves_out_zero
from runtime.stats.looks.look import cuts, differences, interim

PLAN = Schedule(trials=40, looks=4, most=40, level=0.95)


def runs(rates: dict[int, float], states: int, seed: int = 0) -> dict[int, dict[str, float]]:
    rng = np.random.default_rng(seed)
    return {s: {str(i): float(x < rate) for i, x in enumerate(rng.random(states))} for s, rate in rates.items()}


@given(st.integers(1, 500), st.integers(1, 20))
def test_batches_are_equal_and_add_up(trials: int, looks: int) -> None:
    if looks > trials:
        with pytest.raises(ValueError, match="looked at"):
            cuts(trials, looks)
        return
    ends = cuts(trials, looks)
    sizes = np.diff([0, *ends])
    assert ends[-1] == trials
    assert sizes.min() >= 1
    assert sizes.max() - sizes.min() <= 1


def test_a_clear_difference_stops_and_a_null_goes_on() -> None:
    base = runs({0: 0.5, 1: 0.5, 2: 0.5}, 20)
    sides = {"base": base, "same": base, "never": {s: dict.fromkeys(run, 0.0) for s, run in base.items()}}
    never, same = sorted(interim(sides, "base", PLAN, 2), key=lambda one: one.approach)
    assert (never.stopped, never.upto, never.states) == (True, 20, 20)
    assert never.band is not None
    assert never.band.high < 0
    assert (same.stopped, same.upto, same.value) == (False, 30, 0)


def test_what_a_stopped_comparison_leaves_over_goes_to_the_open_ones_if_asked() -> None:
    base = runs({0: 0.5, 1: 0.5}, 10)
    noisy = runs({0: 0.5, 1: 0.5}, 10, seed=1)
    sides = {"base": base, "never": {s: dict.fromkeys(run, 0.0) for s, run in base.items()}, "noisy": noisy}
    sides["clear"] = {s: dict.fromkeys(run, 1.0) for s, run in base.items()}
    sides["base"] = sides["never"]
    plan = PLAN.model_copy(update={"most": 100})
    found = {one.approach: one for one in interim(sides, "base", plan, 1)}
    assert found["clear"].stopped
    assert found["clear"].upto == 10
    # 3 comparisons of 40 were planned, 30 states ran; a third of the rest goes into each of the three looks left.
    assert sum(one.upto - one.states for one in found.values()) == 30
    assert found["noisy"].upto - 10 > found["never"].upto - 10 > 0


@settings(deadline=None, max_examples=60)
@given(st.integers(2, 6), st.integers(0, 60), st.integers(0, 10_000), st.floats(0.05, 0.95))
def test_the_budget_is_kept_and_used_whatever_comes(looks: int, extra: int, seed: int, rate: float) -> None:
    """Look after look: nobody runs more than `most`, all together at most what was planned."""
    plan = Schedule(trials=24, looks=looks, most=24 + extra, level=0.9)
    rng = np.random.default_rng(seed)
    drawn = {a: {s: rng.random(200) < r for s in range(2)} for a, r in (("base", rate), ("a", rate), ("b", 0.9))}
    upto = dict.fromkeys(drawn, cuts(24, looks)[0])
    for look in range(1, looks):
        seen = {
            a: {s: {str(i): float(x) for i, x in enumerate(run[: upto[a]])} for s, run in own.items()} for a, own in drawn.items()
        }
        found = interim(seen, "base", plan, look)
        more = {one.approach: one.upto for one in found}
        assert all(upto[a] <= n <= plan.most for a, n in more.items())
        upto |= more
        upto["base"] = max(upto.values())
    assert upto["a"] + upto["b"] <= 2 * 24
    if not any(one.stopped for one in found) and extra == 0:
        assert upto["a"] == upto["b"] == 24


def test_states_count_as_far_as_all_runs_have_them() -> None:
    ours = {0: {"0": 1.0, "1": 1.0, "2": 0.0}, 1: {"0": 1.0, "1": 0.0}}
    theirs = {0: {"0": 0.0, "1": 1.0, "2": 1.0}, 1: {"0": 0.0, "1": 0.0, "2": 0.0}}
    assert differences(ours, theirs).tolist() == [1.0, 0.0]
    assert differences(ours, {5: {"0": 1.0}}).tolist() == []


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=60), st.sampled_from([0.8, 0.95]))
@settings(deadline=None, max_examples=60)
def test_the_test_of_zero_is_that_of_the_band(values: list[float], level: float) -> None:
    seen = np.array(values)
    for n in (1, len(seen) // 2 + 1, len(seen)):
        assert bool(leaves_out_zero(seen, level)[n - 1]) is bool(leaves_out_zero(seen[:n], level)[-1])
        band = confidence_sequence(seen[:n], level)
        if leaves_out_zero(seen, level)[n - 1]:
            assert not band.low < -1e-9 < 1e-9 < band.high
        else:
            assert band.contains(0.0)


def test_stopping_keeps_the_level_of_the_band_and_saves_trials() -> None:
    rng = np.random.default_rng(1)
    covered, sure, _, _, saved = measure(rng, Truth(0.5, 0.5, 15.0), Shape(3, 1, 100), 2_000, 4, 0.95)
    assert covered >= 0.93
    assert sure <= 0.07
    covered, sure, fixed, fixed_sure, saved = measure(rng, Truth(0.5, 0.9, 5.0), Shape(3, 1, 100), 2_000, 4, 0.95)
    assert covered >= 0.93
    assert fixed >= 0.93
    assert saved > 0.5
    assert sure > fixed_sure - 0.06


def test_stops_at_chance_highs_do_not_shift_the_mean_over_places() -> None:
    """Each stopped comparison is a little too far from zero; with the study's own level ten of them would show."""
    truth, shape = Truth(0.5, 0.65, 0.0), Shape(3, 10, 100)
    covered, *_ = measure(np.random.default_rng(2), truth, shape, 2_000, 4, 0.95)
    careless, *_ = measure(np.random.default_rng(2), truth, shape, 2_000, 4, 0.95, 0.95)
    assert covered >= 0.92
    assert careless < covered - 0.01


def test_sides_of_unequal_length_pair_on_the_states_that_both_ran() -> None:
    long = {s: {str(i): float((i + s) % 2) for i in range(20)} for s in range(2)}
    short = {s: {str(i): 1.0 for i in range(8)} for s in range(2)}
    group = uplift_group(short, long)
    assert group.paired
    assert (group.pairs, group.left_out) == (16, 24)
    assert group.unit_means.tolist() == [50, 50]
    odd = {0: {"0": 1.0, "x": 1.0}, 1: {"0": 1.0, "x": 0.0}}
    assert not uplift_group(odd, short).paired, "sets that overlap in part are compared unpaired"
    assert common_states(long, long)[2] == 0
