"""Invariances of the band, on made-up spreads."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from runtime.stats.inference.interval import Spread, degrees, interval

WIDE = (-1e9, 1e9)
POSITIVE = st.floats(0.01, 400)


@st.composite
def spreads(draw: st.DrawFn) -> Spread:
    parts = draw(st.integers(1, 5))
    return Spread(
        np.array(draw(st.floats(-80, 80))),
        np.array(draw(st.lists(POSITIVE, min_size=parts, max_size=parts))),
        np.array(draw(st.lists(st.integers(1, 20), min_size=parts, max_size=parts)), dtype=float),
        np.array(draw(st.lists(POSITIVE, min_size=parts, max_size=parts))),
        np.array(draw(st.floats(-5, 200))),
        np.array(draw(st.floats(-80, 80))),
        np.array(draw(POSITIVE)),
        np.array(float(draw(st.integers(0, 200)))),
    )


@given(spreads(), st.floats(0.5, 0.999))
@settings(max_examples=150, deadline=None)
def test_a_higher_level_is_never_narrower(found: Spread, level: float) -> None:
    low, high = interval(found, level, WIDE)
    lower, higher = interval(found, level + 0.5 * (1 - level), WIDE)
    assert lower <= low + 1e-9
    assert higher >= high - 1e-9


@given(spreads(), st.floats(0.1, 50))
@settings(max_examples=100, deadline=None)
def test_other_units_change_nothing(found: Spread, unit: float) -> None:
    scaled = Spread(
        found.value * unit,
        found.run_variances * unit**2,
        found.run_degrees,
        found.run_luck * unit**2,
        found.state_variance * unit**2,
        found.floor_centre * unit,
        found.floor_variance * unit**2,
        found.events,
    )
    for one, other in zip(interval(found, 0.95, WIDE), interval(scaled, 0.95, WIDE), strict=True):
        assert other == pytest.approx(one * unit, rel=1e-6, abs=1e-6)


@given(spreads())
@settings(max_examples=100, deadline=None)
def test_degrees_lie_between_the_least_part_and_the_sum(found: Spread) -> None:
    assert found.run_degrees.min() <= degrees(found) <= found.run_degrees.sum()


def test_one_group_is_student_t() -> None:
    found = Spread(*map(np.array, (10.0, [16.0], [2.0], [1.0], 0.0, 10.0, 0.01, 500.0)))
    low, high = interval(found, 0.95, WIDE)
    assert high - low == pytest.approx(2 * stats.t.ppf(0.975, 2) * 4)
    assert interval(found, 0.95, (0.0, 20.0)) == (0, 20)


def test_two_sides_that_are_alike_have_the_degrees_of_both() -> None:
    """Two runs a side: one degree each. Alike, they are worth two; a side that hardly varies adds none."""
    luck = np.array([1.0, 1.0])
    alike = Spread(*map(np.array, (10.0, [16.0, 16.0], [1.0, 1.0], luck, 0.0, 10.0, 0.01, 500.0)))
    assert degrees(alike) == pytest.approx(2)
    lone = Spread(*map(np.array, (10.0, [16.0, 0.0], [1.0, 1.0], 1e-6 * luck, 0.0, 10.0, 0.01, 500.0)))
    assert degrees(lone) == pytest.approx(1, abs=1e-3)
    chance = Spread(*map(np.array, (10.0, [16.0, 0.0], [1.0, 1.0], 64 * luck, 0.0, 10.0, 0.01, 500.0)))
    assert degrees(chance) == pytest.approx(2), "an agreement by luck is not taken for a side without spread"


def test_many_at_once_are_each_as_alone() -> None:
    rng = np.random.default_rng(0)
    many = Spread(
        rng.normal(0, 10, 6),
        rng.random((6, 3)) * 9,
        np.array([1.0, 2.0, 4.0]),
        rng.random((6, 3)),
        rng.normal(0, 1, 6),
        rng.normal(0, 10, 6),
        rng.random(6),
        rng.integers(0, 30, 6).astype(float),
    )
    low, high = interval(many, 0.9, WIDE)
    for i in range(6):
        alone = Spread(*(x if x is many.run_degrees else x[i] for x in vars(many).values()))
        assert (low[i], high[i]) == pytest.approx(tuple(map(float, interval(alone, 0.9, WIDE))))
