"""Learning curves by hand, and what must hold of any."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.stats.curves.curve import Curves, at_amount, common, difference, heights, mean_height, points, shared

PLACE = ("shed", "press")


def runs(rates: dict[int, list[int]], states: int = 20) -> dict[int, dict[int, dict[str, float]]]:
    """Curves of a place from step -> successes of each seed."""
    seeds = range(len(next(iter(rates.values()))))
    return {s: {a: {str(i): float(i < rates[a][s]) for i in range(states)} for a in rates} for s in seeds}


def test_a_curve_has_a_band_at_each_point() -> None:
    found = points({PLACE: runs({50: [10, 12, 8], 10: [1, 2, 0]})}, 0.9)
    assert [p.amount for p in found] == [10, 50]
    assert [p.estimate.value for p in found] == pytest.approx([5, 50])
    assert [p.trials for p in found] == [60, 60]
    assert all(p.estimate.band.low < p.estimate.value < p.estimate.band.high for p in found)


def test_places_count_the_same_and_must_have_the_same_steps() -> None:
    a, b = runs({10: [4, 4], 20: [8, 8]}), runs({10: [10, 10], 20: [20, 20]}, states=40)
    assert [p.estimate.value for p in points({PLACE: a, ("barn", "press"): b}, 0.9)] == pytest.approx([22.5, 45])
    assert points({PLACE: a, ("barn", "press"): runs({10: [1, 1], 30: [2, 2]})}, 0.9) == []


def test_areas_are_mean_heights_over_shared_steps() -> None:
    found = mean_height({PLACE: runs({0: [4, 8, 12], 10: [8, 12, 16]})}, 0.95)
    assert found is not None
    assert found[0].value == pytest.approx((30 + 50 + 70) / 3)
    assert found[1] == (0, 10)


def test_areas_pair_by_seed_and_state() -> None:
    treated: Curves = {PLACE: runs({1: [4, 4, 5], 11: [16, 16, 17]})}
    base: Curves = {PLACE: runs({1: [2, 2, 2], 11: [6, 6, 7]})}
    found = difference(treated, base, 0.95)
    assert found is not None
    assert found[0].value == pytest.approx((30 + 30 + 32.5) / 3)
    assert found[0].band.low > 0
    assert found[0].units == 3


def test_longer_training_is_compared_over_the_steps_that_both_took() -> None:
    treated: Curves = {PLACE: runs({20: [10, 10], 40: [12, 12]})}
    base: Curves = {PLACE: runs({10: [2, 2], 30: [6, 6]})}
    found = difference(treated, base, 0.95)
    assert found is not None
    assert found[1] == (20, 30)
    assert found[0].value == pytest.approx(5 * (10.5 - 5))
    assert difference(treated, {PLACE: runs({5: [2, 2], 10: [6, 6]})}, 0.95) is None


def test_an_untrained_curve_is_flat_for_ever() -> None:
    flat, base = {PLACE: runs({0: [1, 1]})}, {PLACE: runs({10: [2, 2], 30: [6, 6]})}
    found = difference(flat, base, 0.95)
    assert found is not None
    assert found[0].value == pytest.approx(5 - 20)
    assert found[1] == (10, 30)
    alone = mean_height(flat, 0.95)
    assert alone is not None
    assert (alone[0].value, alone[1]) == (pytest.approx(5), None)
    with pytest.raises(ValueError, match="from 10 to 30"):
        at_amount(base[PLACE][0], 40)


def test_runs_without_a_counterpart_are_left_out() -> None:
    ours, theirs = shared({PLACE: runs({1: [1, 2, 3]})}, {PLACE: runs({1: [1, 2]}), ("barn", "press"): runs({1: [1]})})
    assert list(ours) == list(theirs) == [PLACE]
    assert list(ours[PLACE]) == [0, 1]


OUTCOMES = st.lists(st.booleans(), min_size=6, max_size=6).map(lambda won: {str(i): float(w) for i, w in enumerate(won)})
RUN = st.dictionaries(st.integers(1, 1000), OUTCOMES, min_size=2, max_size=5)


@given(run=RUN, data=st.data())
def test_heights_stay_between_lowest_and_highest_and_add_up(run: dict, data: st.DataObject) -> None:
    low, high = float(min(run)), float(max(run))
    middle = data.draw(st.floats(low, high))
    whole = heights(run, (low, high))
    for state, height in whole.items():
        outcomes = [run[a][state] for a in run]
        assert min(outcomes) - 1e-9 <= height <= max(outcomes) + 1e-9
    if low < middle < high:
        first, second = heights(run, (low, middle)), heights(run, (middle, high))
        for state in whole:
            parts = first[state] * (middle - low) + second[state] * (high - middle)
            assert parts == pytest.approx(whole[state] * (high - low), abs=1e-6 * (high - low))


@given(ours=RUN, theirs=RUN)
def test_a_difference_turns_round_and_vanishes_against_itself(ours: dict, theirs: dict) -> None:
    a: Curves = {PLACE: {0: ours, 1: ours}}
    b: Curves = {PLACE: {0: theirs, 1: theirs}}
    one, other = difference(a, b, 0.9), difference(b, a, 0.9)
    assert (one is None) == (other is None) == (not common([ours, theirs])[0])
    if one is not None and other is not None:
        assert one[0].value == pytest.approx(-other[0].value, abs=1e-9)
        assert one[0].band.low == pytest.approx(-other[0].band.high, abs=1e-6)
    itself = difference(a, a, 0.9)
    assert itself is not None
    assert itself[0].value == 0
    assert itself[0].band.contains(0)
