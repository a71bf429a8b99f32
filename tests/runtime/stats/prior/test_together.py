"""What `uplift.json` says beyond each comparison's own band."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from runtime.bound.frame import PriorRange
from runtime.stats.band import Band
from runtime.stats.inference.estimate import Estimate, estimate
from runtime.stats.inference.group import uplift_group
from runtime.stats.inference.uplift import POINTS, Uplift
from runtime.stats.prior.together import alone, believed, elsewhere, families, fleets, headlines, matrix


def compared(approach: str, wins: dict[str, int], states: int = 40, seeds: int = 3) -> Uplift:
    """An approach that wins `wins` of `states` at each location, over a baseline that wins ten."""

    def runs(won: int) -> dict[int, dict[str, float]]:
        return {s: {str(i): float(i < won + s) for i in range(states)} for s in range(seeds)}

    places = tuple((location, "pick") for location in wins)
    groups = tuple(uplift_group(runs(won), runs(10), len(wins)) for won in wins.values())
    single = places[0] if len(places) == 1 else (None, None)
    found = estimate(groups, 0.95, POINTS)
    return Uplift(approach, "twin", *single, found, groups, places, 1, 1, ())


GOOD = compared("good", {"a": 30, "b": 28, "c": 26})
EQUAL = compared("equal", {"a": 10, "b": 10, "c": 10})


def test_one_headline_for_each_approach() -> None:
    part = compared("good", {"a": 30})
    assert headlines([part, GOOD, EQUAL]) == [GOOD, EQUAL]


def test_a_family_shares_its_error() -> None:
    found = families([GOOD, EQUAL], 0.95, False)
    good, equal = found["good", "twin"], found["equal", "twin"]
    assert good["p_value"] < 0.001
    assert good["p_holm"] == pytest.approx(2 * good["p_value"])
    assert equal["p_value"] == equal["p_holm"] == 1
    assert good["comparisons"] == 2
    alone = GOOD.estimate.band
    assert good["band"][0] < alone.low
    assert good["band"][1] > alone.high
    assert families([GOOD], 0.95, False)["good", "twin"]["band"] == alone.to_json()


def test_elsewhere_is_less_certain_than_here() -> None:
    found = elsewhere(GOOD, 0.95, False)
    assert found is not None
    assert found["locations"] == 3
    assert found["band"][0] < found["mean_band"][0] < GOOD.estimate.value < found["band"][1]
    assert elsewhere(compared("good", {"a": 30}), 0.95, False) is None


def test_a_range_does_not_make_a_measured_nothing_help() -> None:
    """A range of +1 to +3 and a measured 0 [-13, 13]: `helps` once rose to 94 %."""
    nothing = replace(EQUAL, estimate=Estimate(0.0, Band(-13, 13), 0.95, 20.0, 6.2, 6.2, 9))
    found = believed(nothing, PriorRange(world_model=(1.0, 3.0)), 0.95)
    assert found is not None
    assert found["alone"] is not None
    assert found["alone"]["helps"] == pytest.approx(0.5, abs=0.01)
    assert found["sceptic"]["helps"] == pytest.approx(0.5, abs=0.01)
    assert found["posterior"]["share"] < 0.5
    assert found["posterior"]["helps"] is None
    assert found["likelihood_ratio"] == pytest.approx(0.95, abs=0.03)
    clear = replace(EQUAL, estimate=Estimate(12.0, Band(8, 16), 0.95, 20.0, 2.0, 2.0, 9))
    told = believed(clear, PriorRange(world_model=(2.0, 20.0)), 0.95)
    assert told is not None
    assert told["sceptic"]["mean"] == pytest.approx(12 * 64 / 68, abs=0.2)
    assert (told["posterior"]["helps"] or 0) > 0.99
    assert (told["likelihood_ratio"] or 0) > 1000
    unknown = believed(compared("one", {"a": 30}, seeds=1), PriorRange(world_model=(1.0, 3.0)), 0.95)
    assert unknown is not None
    assert (unknown["alone"], unknown["likelihood_ratio"], unknown["sceptic"]["helps"]) == (None, None, None)


def test_locations_that_agree_by_chance_promise_no_more_of_a_new_one() -> None:
    alike = compared("good", {"a": 24, "b": 24}, seeds=2)
    found = elsewhere(alike, 0.95, False)
    assert found is not None
    assert found["spread"] == 0
    here = alike.estimate.band.to_json()
    for band in (found["band"], found["mean_band"]):
        assert band[0] <= here[0] < here[1] <= band[1]


def test_belief_moves_from_the_range_to_what_was_measured() -> None:
    found = believed(GOOD, PriorRange(world_model=(0, 10)), 0.95)
    assert found is not None
    assert (found["prior"]["mean"], found["prior"]["range_weight"], found["prior"]["share"]) == (4, 0.8, 0)
    assert 5 < found["posterior"]["mean"] <= GOOD.estimate.value
    assert (found["posterior"]["range_weight"] or 1) < 0.8
    assert found["posterior"]["gain"] >= found["posterior"]["mean"] - 1e-3
    assert found["new_location"]
    assert found["new_location"]["band"][0] < found["posterior"]["band"][0]
    assert believed(GOOD, PriorRange(irl=(0, 10)), 0.95) is None
    assert believed(GOOD, None, 0.95) is None


def test_luck_of_trials_is_no_spread_between_locations() -> None:
    """Locations that differ by no more than a few trials do: a new one is not as uncertain as they look apart."""
    alike = compared("good", {f"l{i}": 20 + (i * 7) % 5 for i in range(60)})
    raw = elsewhere(alike, 0.95, False)
    here = alone(alike, 0.95)
    assert raw is not None
    assert here is not None
    assert here["sd"] < (alike.estimate.standard_error**2 + raw["spread"] ** 2) ** 0.5
    few = compared("good", {name: won for name, won in zip("abcd", (20, 22, 19, 21), strict=True)})
    narrow, raw = alone(few, 0.95), elsewhere(few, 0.95, False)
    assert narrow is not None
    assert raw is not None
    assert narrow["sd"] <= (few.estimate.standard_error**2 + raw["spread"] ** 2) ** 0.5 + 1e-3
    # Two locations cannot tell luck from spread: theirs stands as it is.
    two = compared("good", {"a": 14, "b": 26})
    far, apart = alone(two, 0.95), elsewhere(two, 0.95, False)
    assert far is not None
    assert apart is not None
    assert far["sd"] == pytest.approx((two.estimate.standard_error**2 + apart["spread"] ** 2) ** 0.5, abs=1e-3)
    assert alone(compared("good", {"a": 30}, seeds=1), 0.95) is None


def test_the_matrix_is_scored() -> None:
    rows = matrix([GOOD, EQUAL], {"good": PriorRange(world_model=(0, 10)), "equal": PriorRange(world_model=(-2, 2))})
    assert len(rows) == 1
    assert (rows[0]["domain"], rows[0]["rows"], rows[0]["inside"], rows[0]["outside"]) == ("twin", 2, 1, 1)
    assert matrix([GOOD], {}) == []


def test_a_fleet_needs_locations() -> None:
    rows = [compared("good", {name: won}) for name, won in (("a", 30), ("b", 28), ("c", 26), ("d", 4))]
    found = fleets(rows, 0.95)
    assert len(found) == 1
    assert [s["location"] for s in found[0]["locations"]] == ["a", "b", "c", "d"]
    assert found[0]["quarantine"][0]["location"] == "d"
    assert fleets(rows[:2], 0.95) == []
    assert fleets([compared("good", {n: 30}, seeds=1) for n in "abc"], 0.95) == []


def test_the_stage_writes_them(tmp_path: Path) -> None:
    from tests.runtime.synthetic_study import synthetic_study

    study = synthetic_study(
        tmp_path / "store",
        rates={"baseline": {"twin": 0.3}, "better": {"twin": 0.8}},
        locations=("a", "b", "c"),
        trials=20,
        gates=(),
    )
    said = json.loads((study.uplift() / "uplift.json").read_text())
    assert [row["approach"] for row in said["together"]] == ["better"]
    assert said["together"][0]["new_location"]["locations"] == 3
    assert len(said["fleet"][0]["locations"]) == 3
    assert [(row["approach"], row["direction"]) for row in said["scores"]] == [("better", "helps")]
