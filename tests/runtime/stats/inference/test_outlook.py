"""What an undecided comparison promises: rarely anything where there is nothing, and a range that holds the truth."""

import numpy as np
import pytest

from benchmarks.outlook import Promises, promises
from runtime.stats.band import Band
from runtime.stats.inference.estimate import Estimate
from runtime.stats.inference.outlook import outlook
from runtime.stats.inference.parts import Parts


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


def test_a_band_is_made_of_three_parts() -> None:
    """3 points of seeds, 4 of trials and 2 of states, t(4) = 2.776 and z = 1.960 at 95 %."""
    found = Estimate(5.0, Band(-9, 19), 0.95, 4.0, 29**0.5, 5.0, 3, 4.0, 2.0, 3)
    parts = Parts.of(found)
    assert parts is not None
    said = parts.to_json(found)
    assert (said["seeds"], said["trials"], said["states"]) == (3, 4, 2)
    assert said["reach"] == pytest.approx((2.7764**2 * 25 + 1.96**2 * 4) ** 0.5, abs=0.01)
    assert said["twice_the_seeds"] == pytest.approx((2.2281**2 * 12.5 + 1.96**2 * 4) ** 0.5, abs=0.01)  # ten degrees of freedom
    assert said["twice_the_trials"] == pytest.approx((2.7764**2 * 17 + 1.96**2 * 2) ** 0.5, abs=0.01)
    assert Parts.of(Estimate(5.0, Band(-9, 19), 0.95, 0.0, 1.0, 1.0, 1)) is None
