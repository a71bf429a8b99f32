"""Cost of confirmed points, and what to try next."""

import pytest
from scipy import stats

from runtime.stats.band import Band
from runtime.stats.prior.prior import normal
from runtime.stats.prior.worth import Candidate, cost_per_point, next_best


def test_only_confirmed_points_count() -> None:
    assert cost_per_point(60, [Band(2, 9), Band(-1, 30), Band(10, 12), Band(-9, -3)]) == pytest.approx(5)
    assert cost_per_point(60, [Band(-1, 30)]) is None


def test_cheap_and_uncertain_can_go_first() -> None:
    found = next_best(
        [
            Candidate("dear", normal(10, 1.5, 0.9).gain(), 100),
            Candidate("cheap", normal(4, 1.5, 0.9).gain(), 5),
            Candidate("wild", normal(0, 24, 0.9).gain(), 5),
            Candidate("free", normal(0.5, 1, 0.9).gain(), 0),
        ]
    )
    assert [s.approach for s in found] == ["free", "wild", "cheap", "dear"]
    assert found[-1].per_hour == pytest.approx(0.1, abs=0.01)


def test_expected_gain_is_that_of_expected_improvement() -> None:
    """In closed form, of a normal belief."""
    mean, sd, best = 3.0, 5.0, 2.0
    away = (mean - best) / sd
    wanted = sd * (stats.norm.pdf(away) + away * stats.norm.cdf(away))
    assert normal(mean, sd, 0.9).gain(best) == pytest.approx(wanted, abs=1e-3)
    # Where something better is in use already, small sure gains are worth nothing.
    assert normal(4, 1.5, 0.9).gain(best=20) < 0.01
