"""Recommendations from how key figures moved, and the numbers behind them."""

import numpy as np
import pytest
from scipy.stats import linregress, t

from runtime.stats.band import Band
from runtime.stats.kpi.decision import RULES, Change, Trend, decide, over_weeks

UP = Change(12.0, Band(6.0, 18.0))
DOWN = Change(-12.0, Band(-18.0, -6.0))
FLAT = Change(0.5, Band(-2.0, 3.0))
WIDE = Change(3.0, Band(-9.0, 15.0))


@pytest.mark.parametrize(
    ("world", "real", "rule"),
    [
        (UP, FLAT, "robustness"),
        (FLAT, FLAT, "coverage"),
        (DOWN, FLAT, "coverage"),
        (UP, DOWN, "exploitation"),
        (UP, UP, "roll-out"),
        (FLAT, UP, "simulation-misses-it"),
        (UP, WIDE, None),
        (WIDE, FLAT, None),
    ],
)
def test_rules(world: Change, real: Change, rule: str | None) -> None:
    said = decide({"world_model": world, "irl": real})
    assert said["rule"] == rule
    assert [n["value"] for n in said["because"]] == [world.value, real.value]


def test_the_two_rules_people_know() -> None:
    assert "robustness to the gap first" in decide({"world_model": UP, "irl": FLAT})["advice"]
    assert "coverage and task diversity first" in decide({"world_model": FLAT, "irl": FLAT})["advice"]


def test_a_wide_band_is_no_stall() -> None:
    said = decide({"world_model": UP, "irl": WIDE})
    assert said["advice"] == "more seeds first: `irl` may have improved or not"
    assert said["because"][1]["trend"] == Trend.UNDECIDED


@pytest.mark.parametrize(
    ("band", "trend"),
    [((-4.9, 4.9), "stalls"), ((-5.0, 4.9), "does not improve, may harm"), ((-25.0, 1.0), "does not improve, may harm")],
)
def test_what_may_harm_does_not_stall(band: tuple[float, float], trend: str) -> None:
    """At a true loss of 12 points a quarter of studies used to `stall`."""
    change = Change(sum(band) / 2, Band(*band))
    assert change.trend() == trend
    said = decide({"world_model": UP, "irl": change})
    assert (said["rule"], said["because"][1]["trend"]) == ("robustness", trend)
    assert decide({"world_model": change, "irl": change})["rule"] == "coverage"


def test_what_was_not_measured_is_asked_for() -> None:
    said = decide({"world_model": UP})
    assert said["advice"] == "measure first: nothing is known of `irl`"
    assert said["because"][1] == {**said["because"][1], "trend": "not run", "value": None, "band": None}


def test_every_outcome_of_both_figures_has_at_most_one_rule_or_is_open() -> None:
    decided = {Trend.IMPROVES: UP, Trend.STALLS: FLAT, Trend.WORSENS: DOWN}
    for world in decided.values():
        for real in decided.values():
            assert decide({"world_model": world, "irl": real})["rule"] in {rule.name for rule in RULES}


def test_change_over_weeks() -> None:
    rng = np.random.default_rng(0)
    weeks = list(range(8))
    found = over_weeks(weeks, [40 + 3 * w + float(rng.normal(0, 1)) for w in weeks])
    assert found is not None
    assert found.band.contains(21.0)
    assert found.trend() is Trend.IMPROVES
    assert over_weeks([0, 1], [40, 80]) is None
    assert over_weeks([1, 1, 1], [40, 80, 60]) is None


def test_three_weeks_on_a_line_are_no_certainty() -> None:
    weeks, values = [0.0, 1.0, 2.0], [40.0, 45.0, 50.0]
    sure, honest = over_weeks(weeks, values), over_weeks(weeks, values, 0.95, [8.0, 8.0, 8.0])
    assert sure is not None
    assert honest is not None
    assert sure.band.width == pytest.approx(0, abs=1e-6)
    # difference of two independent values, each 8 either way
    assert honest.band.width / 2 == pytest.approx(8 * 2**0.5)
    assert honest.trend() is Trend.UNDECIDED


@pytest.mark.parametrize("weeks", [3, 5, 8])
def test_no_change_is_seldom_seen_as_one(weeks: int) -> None:
    rng = np.random.default_rng(weeks)
    seen = []
    for _ in range(1500):
        found = over_weeks(list(range(weeks)), list(60 + rng.normal(0, 4, weeks)), 0.95, [1.96 * 4] * weeks)
        assert found is not None
        seen.append(found.trend() in (Trend.IMPROVES, Trend.WORSENS))
    assert np.mean(seen) <= 0.055


def test_the_line_is_that_of_scipy() -> None:
    rng = np.random.default_rng(1)
    weeks, values = [0.0, 1.0, 4.0, 9.0], list(rng.normal(50, 10, 4))
    line, found = linregress(weeks, values), over_weeks(weeks, values)
    assert found is not None
    assert found.value == pytest.approx(9 * line.slope)
    assert found.band.width / 2 == pytest.approx(9 * line.stderr * float(t.ppf(0.975, 2)))


def test_a_figure_that_never_moves_stalls() -> None:
    found = over_weeks([0.0, 1.0, 2.0], [50.0, 50.0, 50.0], 0.95, [2.0, 2.0, 2.0])
    assert found is not None
    assert (found.value, found.trend()) == (0.0, Trend.STALLS)
