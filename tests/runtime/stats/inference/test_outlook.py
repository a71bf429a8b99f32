"""What an undecided comparison promises: rarely anything where there is nothing, and a range that holds the truth."""

import numpy as np
import pytest

from benchmarks.outlook import Promises, promises
from runtime.stats.band import Band
from runtime.stats.inference.estimate import Estimate
from runtime.stats.inference.outlook import outlook


def estimated(value: float, seeds: float, states: float, runs: int = 3) -> Estimate:
    error = (seeds**2 + states**2) ** 0.5
    reach = 2.78 * error
    return Estimate(value, Band(value - reach, value + reach), 0.95, 4, error, seeds, 2 * runs, 0.0, states, runs)


def test_luck_of_shared_states_does_not_shrink_with_seeds() -> None:
    """All of the error in states: 2.8 errors are seen four times in five, with however many seeds."""
    states, seeds = outlook(estimated(15, 0, 6), 15), outlook(estimated(15, 6, 0), 15)
    assert states.detectable == pytest.approx(2.8 * 6, abs=0.05)
    assert states.seeds == (4, None)
    assert states.distance == seeds.distance == pytest.approx((15 - 1.53 * 6, 15 + 1.53 * 6), abs=0.05)
    fewest, most = seeds.seeds or (0, None)
    assert fewest <= 6
    assert 15 < (most or 0) < 60
    assert outlook(estimated(14, 5, 3), 14).detectable == pytest.approx(2.78 * 5.4 + 0.84 * 5.83, abs=0.6)


def test_promises_are_rare_where_there_is_nothing_and_hold_where_there_is_something() -> None:
    rng = np.random.default_rng(5)
    nothing, something = (promises(rng, uplift, 120) for uplift in (0.0, 15.0))
    assert isinstance(nothing, Promises)
    assert nothing.promised <= 0.1 * nothing.undecided
    assert something.within >= 0.75 * something.promised
