"""Key figures: what is counted and measured at each location and over all of a week, and what was not run."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.report.forms.kpi import Kpi
from runtime.stats.band import Band
from runtime.stats.inference.gap import gaps
from runtime.stats.inference.rate import rate_of, wilson
from runtime.stats.kpi.figures import Count, Figure, figures, over_locations
from runtime.stats.kpi.trend import change_of, trends
from runtime.stats.table.outcomes import Trials
from runtime.stats.table.pairing import Pairing

LEVEL = 0.95


def trials(*cells: tuple[str, str, str, int, str]) -> Trials:
    """Trials from (approach, domain, location, seed, outcomes such as `1101`)."""
    rows = [
        {
            "approach": a,
            "domain": d,
            "location": x,
            "task": "press",
            "seed": s,
            "initial_state": str(i),
            "success": c == "1",
            "failure_mode": "" if c == "1" else "missed",
        }
        for a, d, x, s, word in cells
        for i, c in enumerate(word)
    ]
    return Trials.of(pa.Table.from_pylist(rows))


def only(found: list[Figure], **wanted: object) -> list[Figure]:
    return [f for f in found if all(getattr(f, name) == value for name, value in wanted.items())]


def variants(location: str, week: str, passed: int, tried: int, approach: str = "a") -> Count:
    return Count("artifact_pass_rate", None, approach, location, week, passed, tried)


def test_counts_have_wilson_at_a_location_and_the_location_as_unit_over_several() -> None:
    counts = [variants("x", "2026-W10", 9, 10), variants("y", "2026-W10", 30, 60), variants("x", "2026-W11", 4, 8)]
    found = figures(counts, {}, ["a"], LEVEL)
    x, y, both = only(found, week="2026-W10")
    assert (x.location, x.value, x.band, x.n) == ("x", 90.0, wilson(9, 10, LEVEL), 10)
    assert (y.location, y.value, y.band, y.n) == ("y", 50.0, wilson(30, 60, LEVEL), 60)
    assert (both.location, both.value, both.n, both.locations) == (None, 70.0, 70, 2)  # each location counts the same
    assert both.band.low < 50
    alone, of_week = only(found, week="2026-W11")
    assert (of_week.value, of_week.band, of_week.locations) == (alone.value, alone.band, 1)


def test_several_artifacts_of_a_location_and_week_are_summed() -> None:
    (place, _) = figures([variants("x", "2026-W10", 9, 10), variants("x", "2026-W10", 1, 10)], {}, ["a"], LEVEL)
    assert (place.value, place.band, place.n) == (50.0, wilson(10, 20, LEVEL), 20)


def test_what_was_not_measured_has_no_row() -> None:
    counts = [variants("x", "2026-W10", 0, 0), variants("x", "2026-W10", 5, 5, approach="other")]
    assert figures(counts, {}, ["a"], LEVEL) == []
    found = figures(counts, {"2026-W10": trials(("a", "twin", "x", 0, "11"), ("a", "twin", "x", 1, "01"))}, ["a"], LEVEL)
    assert {f.kpi for f in found} == {"policy_in_world_model"}
    assert {f.approach for f in found} == {"a"}


def test_rates_are_those_of_every_other_table() -> None:
    week = trials(
        *[
            ("a", "irl_proxy", x, s, word)
            for x, words in {"x": "1101 0111", "y": "0010 1010"}.items()
            for s, word in enumerate(words.split())
        ]
    )
    found = figures([], {"2026-W10": week}, ["a"], LEVEL)
    places = week.places("a", "irl_proxy")
    expected = rate_of("a", "irl_proxy", places, LEVEL)
    (over_all,) = only(found, location=None)
    assert (over_all.kpi, over_all.value, over_all.band) == ("irl_proxy", expected.estimate.value, expected.estimate.band)
    assert (over_all.n, over_all.locations) == (16, 2)
    (at_y,) = only(found, location="y")
    assert at_y.value == 37.5


def test_each_domain_and_each_gap_is_a_series_of_its_own() -> None:
    words = {"world_model": "1111", "twin": "1110", "irl_proxy": "1100", "irl": "1000"}
    week = trials(*[("a", d, "x", s, w) for d, w in words.items() for s in (0, 1)])
    found = only(figures([], {"2026-W10": week}, ["a"], LEVEL), location=None)
    assert {f.series: f.value for f in found} == {
        ("policy_in_world_model", "twin", None): 75.0,
        ("policy_in_world_model", "world_model", None): 100.0,
        ("irl_proxy", "irl_proxy", None): 50.0,
        ("irl", "irl", None): 25.0,
        ("gap", "twin", "irl"): 50.0,
        ("gap", "twin", "irl_proxy"): 25.0,
        ("gap", "world_model", "irl"): 75.0,
        ("gap", "world_model", "irl_proxy"): 50.0,
    }


def test_a_location_measured_again_gives_a_point_for_each_week() -> None:
    by_week = {
        "2026-W10": trials(*[("a", "twin", "x", s, "1111") for s in (0, 1)]),
        "2026-W12": trials(*[("a", "irl", "x", s, "1100") for s in (0, 1)]),
        "2026-W15": trials(*[("a", "irl", "x", s, "1000") for s in (0, 1)]),
    }
    found = only(figures([], by_week, ["a"], LEVEL), location="x")
    assert [(f.week, f.value) for f in only(found, kpi="irl")] == [("2026-W12", 50.0), ("2026-W15", 25.0)]
    assert [(f.week, f.value) for f in only(found, kpi="policy_in_world_model")] == [("2026-W10", 100.0)]
    gap = only(found, kpi="gap")
    assert [(f.week, f.value, f.n) for f in gap] == [("2026-W12", 50.0, 8), ("2026-W15", 75.0, 8)]
    both = Trials(by_week["2026-W10"].outcomes | by_week["2026-W15"].outcomes, {})
    assert gap[1].band == gaps(both, "twin", "irl", LEVEL)[-1].found.estimate.band


def test_the_gap_of_a_week_is_over_the_places_measured_in_it() -> None:
    by_week = {
        "2026-W10": trials(*[("a", d, "x", s, w) for d, w in (("twin", "1111"), ("irl", "0000")) for s in (0, 1)]),
        "2026-W11": trials(*[("a", d, "y", s, "1111") for d in ("twin", "irl") for s in (0, 1)]),
    }
    found = only(figures([], by_week, ["a"], LEVEL), kpi="gap", location=None)
    assert [(f.week, f.value, f.locations) for f in found] == [("2026-W10", 100.0, 1), ("2026-W11", 0.0, 1)]


def test_a_domain_that_does_not_reproduce_is_compared_unpaired_here_too() -> None:
    week = trials(*[("a", d, "x", s, w) for d, w in (("twin", "11101101"), ("irl", "01100100")) for s in (0, 1)])
    unpaired = replace(week, pairing={"irl": Pairing(False, "runs differ")})
    bands = []
    for one in (week, unpaired):
        (found,) = only(figures([], {"2026-W10": one}, ["a"], LEVEL), kpi="gap", location="x")
        assert found.band == gaps(one, "twin", "irl", LEVEL)[-1].found.estimate.band
        bands.append(found.band)
    assert bands[0] != bands[1]


def test_rates_over_locations_need_tries() -> None:
    for counts in ([], [(1, 2), (0, 0)]):
        with pytest.raises(ValueError, match="tries at each"):
            over_locations(counts, LEVEL)


@settings(deadline=None)
@given(st.lists(st.integers(1, 30).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), min_size=1, max_size=8))
def test_a_mean_over_locations_lies_in_its_band_whatever_their_order(counts: list[tuple[int, int]]) -> None:
    value, band = over_locations(counts, LEVEL)
    assert value == pytest.approx(np.mean([100 * p / n for p, n in counts]))
    assert 0 <= band.low <= value + 1e-9
    assert value - 1e-9 <= band.high <= 100
    assert band.width > 0  # agreement alone is never certainty
    again = over_locations(counts[::-1], LEVEL)
    assert again[0] == pytest.approx(value)
    assert (again[1].low, again[1].high) == (pytest.approx(band.low), pytest.approx(band.high))


def test_bands_over_locations_keep_their_level() -> None:
    rng = np.random.default_rng(5)
    covered = []
    for _ in range(600):
        rates = rng.beta(18, 2, 12)  # 90 % on average, 6.5 points apart
        value, band = over_locations([(int(rng.binomial(40, r)), 40) for r in rates], LEVEL)
        covered.append(band.contains(90.0))
        assert band.contains(value)
    assert 0.93 <= np.mean(covered) <= 0.985


def week(number: int) -> str:
    return f"2026-W{number:02}"


def points(kpi: Kpi, values: Sequence[float], reach: float = 1.0, approach: str = "a") -> list[Figure]:
    domain, real = {
        "gap": ("twin", "irl"),
        "policy_in_world_model": ("twin", None),
        "irl": ("irl", None),
        "irl_proxy": ("irl_proxy", None),
        "world_model": ("twin", None),
    }[kpi]
    return [
        Figure(kpi, domain, real, approach, None, week(i + 1), v, Band(v - reach, v + reach), 40, 4) for i, v in enumerate(values)
    ]


UP, FLAT = [50, 54, 57, 62, 65, 70], [40, 40.5, 39.5, 40, 40.4, 39.8]


@pytest.mark.parametrize(
    ("simulated", "real", "rule"),
    [(UP, FLAT, "robustness"), (FLAT, FLAT, "coverage"), (UP, UP, "roll-out"), (UP, UP[::-1], "exploitation")],
)
def test_trends_follow_the_rules_with_their_numbers(simulated: list, real: list, rule: str) -> None:
    found = points("policy_in_world_model", simulated) + points("irl", real)
    (said,) = trends(found, ["a"], LEVEL)
    assert said["rule"] == rule
    assert [(n["kpi"], n["domain"], n["weeks"]) for n in said["because"]] == [
        ("policy_in_world_model", "twin", 6),
        ("irl", "irl", 6),
    ]
    first = said["because"][0]
    assert (first["first"], first["last"]) == (
        {"week": week(1), "value": simulated[0]},
        {"week": week(6), "value": simulated[-1]},
    )
    assert first["band"]
    assert Band(*first["band"]).contains(first["value"] or 0.0)


def test_two_weeks_are_no_trend() -> None:
    (said,) = trends(points("irl", UP[:2]) + points("policy_in_world_model", UP[:2]), ["a"], LEVEL)
    assert (said["rule"], said["because"], said["moved"]) == (None, [], [])
    assert said["advice"] == "a trend needs three weeks: so far there are 2"
    assert change_of(points("irl", UP[:2]), LEVEL) is None


def test_reality_is_the_robot_before_its_stand_in_if_it_has_weeks_enough() -> None:
    base = points("policy_in_world_model", UP) + points("irl_proxy", FLAT)
    (said,) = trends(base + points("irl", UP), ["a"], LEVEL)
    assert (said["rule"], said["because"][1]["kpi"]) == ("roll-out", "irl")
    (said,) = trends(base + points("irl", UP[:2]), ["a"], LEVEL)
    assert (said["rule"], said["because"][1]["kpi"]) == ("robustness", "irl_proxy")


def test_the_expert_stands_in_only_where_no_policy_was_tried() -> None:
    (said,) = trends(points("world_model", UP) + points("irl", FLAT), ["a"], LEVEL)
    assert (said["rule"], said["because"][0]["kpi"]) == ("robustness", "world_model")
    more = points("world_model", UP) + points("policy_in_world_model", FLAT) + points("irl", FLAT)
    assert trends(more, ["a"], LEVEL)[0]["rule"] == "coverage"


def test_what_is_unknown_is_asked_for_and_a_wide_band_decides_nothing() -> None:
    (said,) = trends(points("policy_in_world_model", UP), ["a"], LEVEL)
    assert said["advice"] == "measure first: nothing is known of success outside of simulation over the weeks"
    assert said["because"][1]["trend"] == "not run"
    (said,) = trends(points("policy_in_world_model", UP) + points("irl", FLAT, reach=40), ["a"], LEVEL)
    assert said["rule"] is None
    assert said["advice"].startswith("more weeks, or more seeds at each location, first: success outside of simulation")


def test_a_gap_improves_where_it_shrinks() -> None:
    (said,) = trends(points("gap", UP[::-1]), ["a"], LEVEL)
    assert [(m["kpi"], m["trend"], (m["value"] or 0) < 0) for m in said["moved"]] == [("gap", "improves", True)]


def test_approaches_do_not_mix() -> None:
    found = points("irl", UP) + points("irl", FLAT, approach="b")
    assert [(t["approach"], t["moved"][0]["trend"]) for t in trends(found, ["b", "a"], LEVEL)] == [
        ("b", "stalls"),
        ("a", "improves"),
    ]
