"""Cost of confirmed points, and what to try next."""

import numpy as np
import pytest

from runtime.stats.band import Band
from runtime.stats.prior import of_range
from runtime.stats.worth import Candidate, cost_per_point, expected_gain, next_best


def test_only_confirmed_points_count() -> None:
    assert cost_per_point(60, [Band(2, 9), Band(-1, 30), Band(10, 12), Band(-9, -3)]) == pytest.approx(5)
    assert cost_per_point(60, [Band(-1, 30)]) is None


def test_expected_gain_is_the_mean_of_what_exceeds() -> None:
    belief = of_range((-4, 10))
    drawn = belief.mean + belief.sd * np.random.default_rng(0).standard_normal(400_000)
    assert expected_gain(belief, 2.0) == pytest.approx(np.maximum(drawn - 2, 0).mean(), abs=0.02)


def test_cheap_and_uncertain_can_go_first() -> None:
    found = next_best([
        Candidate("dear", of_range((8, 12)), 100), Candidate("cheap", of_range((2, 6)), 5),
        Candidate("wild", of_range((-30, 30)), 5), Candidate("free", of_range((0, 1)), 0),
    ])  # fmt: skip
    assert [s.approach for s in found] == ["free", "wild", "cheap", "dear"]
    assert found[-1].per_hour == pytest.approx(0.1, abs=0.01)
    # Where something better is in use already, small sure gains are worth nothing.
    assert next_best([Candidate("cheap", of_range((2, 6)), 5)], best=20)[0].gain < 0.01
