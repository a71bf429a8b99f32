"""The uplift stage on a made-up study with known rates."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from runtime.problem import InputError
from runtime.stats.inference.uplift import uplifts
from runtime.stats.table.outcomes import Trials
from runtime.stats.table.pairing import runs_of
from runtime.stats.table.table import KEY
from tests.runtime.synthetic_study import Synthetic, synthetic_study, the_study


@pytest.fixture(scope="module")
def study() -> Synthetic:
    return the_study()


@pytest.fixture(scope="module")
def found(study: Synthetic) -> dict[str, Any]:
    return json.loads((study.uplift() / "uplift.json").read_text())


def row(found: Mapping[str, Any], approach: str, domain: str, location: str | None = None) -> dict[str, Any]:
    (only,) = (r for r in found["uplift"] if (r["approach"], r["domain"], r["location"]) == (approach, domain, location))
    return only


def test_every_trial_arrives_named_once(study: Synthetic) -> None:
    table = pq.read_table(study.uplift() / "trials.parquet")
    assert table.num_rows == 48 * 40
    assert set(table["approach"].unique().to_pylist()) == {"untrained", "baseline", "placebo", "enriched"}
    assert table.group_by(list(KEY)).aggregate([]).num_rows == table.num_rows


def test_uplift_is_that_of_the_trials_themselves(study: Synthetic, found: dict[str, Any]) -> None:
    table = pq.read_table(study.uplift() / "trials.parquet").to_pylist()
    won: dict[tuple[str, str], list[bool]] = {}
    for trial in table:
        if trial["domain"] == "irl_proxy":
            won.setdefault((trial["approach"], trial["location"]), []).append(trial["success"])
    rate = {key: 100 * sum(values) / len(values) for key, values in won.items()}
    for location in study.frame.locations:
        expected = rate["enriched", location] - rate["baseline", location]
        assert row(found, "enriched", "irl_proxy", location)["value"] == pytest.approx(expected, abs=1e-3)


def test_rows_carry_what_a_reader_needs(found: dict[str, Any]) -> None:
    pooled = row(found, "enriched", "irl_proxy")
    assert pooled["direction"] == "helps"
    assert (pooled["seeds"], pooled["locations"], pooled["pairs"], pooled["trials"]) == (3, 2, 240, 240)
    assert pooled["discordant"]["gained"] > pooled["discordant"]["lost"]
    assert 100 * (pooled["discordant"]["gained"] - pooled["discordant"]["lost"]) / 240 == pytest.approx(pooled["value"], abs=1e-3)
    assert pooled["prior"] == {"range": [1.0, 3.0], "kind": "irl", "relation": "outside"}
    assert row(found, "enriched", "twin")["prior"]["kind"] == "world_model"
    assert row(found, "placebo", "irl_proxy")["prior"] is None
    for domain in ("twin", "irl_proxy"):
        assert row(found, "placebo", domain)["direction"] == "undecided"
        assert row(found, "untrained", domain)["direction"] == "hurts"


def test_failure_shares_and_success_add_up(found: dict[str, Any]) -> None:
    rates = {(r["approach"], r["domain"]): r["value"] for r in found["rates"] if r["location"] is None}
    for modes in found["failure_modes"]:
        assert sum(modes["shares"].values()) + rates[modes["approach"], modes["domain"]] == pytest.approx(100, abs=0.01)


def test_a_cell_has_its_wilson_band(found: dict[str, Any]) -> None:
    assert len(found["cells"]) == 48
    cell = next(c for c in found["cells"] if c["successes"] == 0)
    assert cell["band"] == pytest.approx([0, 8.762], abs=1e-3)  # Wilson, 0 of 40, 95 %


def test_cells_that_do_not_match_are_refused(study: Synthetic) -> None:
    odd = Synthetic(study.store, study.frame, study.cells[::-1], trials=study.trials)
    with pytest.raises(InputError) as error:
        odd.uplift()
    assert {p.code for p in error.value.problems} == {"X425"}


def test_states_that_differ_are_compared_unpaired_and_said(study: Synthetic, tmp_path: Path) -> None:
    from runtime.stats.evidence import evidence

    table = pq.read_table(study.uplift() / "trials.parquet")
    columns = table.to_pydict()
    columns["initial_state"] = [
        f"other-{state}" if approach == "enriched" else state
        for state, approach in zip(columns["initial_state"], columns["approach"], strict=True)
    ]
    moved = evidence(table.from_pydict(columns, schema=table.schema), study.cells, "baseline", 0.95, {})
    paired, unpaired = row(moved, "placebo", "twin"), row(moved, "enriched", "twin")
    assert paired["paired"]
    assert not unpaired["paired"]
    assert unpaired["pairs"] == 0
    assert "unpaired" in unpaired["notes"][0]


@pytest.fixture(scope="module")
def unsteady(tmp_path_factory: pytest.TempPathFactory) -> Synthetic:
    """The same study, with second runs at the hidden site that often end differently."""
    return synthetic_study(tmp_path_factory.mktemp("unsteady") / "store", unsteady={"irl_proxy": 0.3})


def test_domains_that_reproduce_pair_and_say_nothing(found: dict[str, Any]) -> None:
    assert [(r["domain"], r["status"], r["trials"], r["differing"]) for r in found["reproducible"]] == [
        ("irl_proxy", "passed", 96, 0),
        ("twin", "passed", 96, 0),
    ]
    assert all(r["paired"] and not r["notes"] for r in found["uplift"])


def test_a_domain_that_does_not_reproduce_is_compared_unpaired_everywhere(unsteady: Synthetic, found: dict[str, Any]) -> None:
    folder = unsteady.uplift()
    said = json.loads((folder / "uplift.json").read_text())
    odd, steady = said["reproducible"]
    assert (odd["domain"], odd["status"], odd["paired"], odd["trials"]) == ("irl_proxy", "failed", False, 96)
    assert odd["band"][0] > odd["limit"] == 5
    assert (steady["status"], steady["paired"]) == ("passed", True)
    for row_, before in zip(said["uplift"], found["uplift"], strict=True):
        assert row_["value"] == before["value"]
        assert row_["paired"] is (row_["domain"] == "twin")
        assert (row_["pairs"] == 0) is (row_["domain"] == "irl_proxy")
        assert ["`irl_proxy` does not reproduce" in note for note in row_["notes"]] == [True] * (not row_["paired"])
    assert any(a["band"] != b["band"] for a, b in zip(said["uplift"], found["uplift"], strict=True))
    band = row(said, "enriched", "irl_proxy")["band"]
    rule = {"metric": "uplift", "approach": "enriched", "domain": "irl_proxy", "comparator": "above", "threshold": 0}
    gate = json.loads((unsteady.gate(rule, folder) / "gate.json").read_text())
    claim = {"kind": "superior", "approach": "enriched", "domain": "irl_proxy"}
    link = json.loads((unsteady.claim(claim, folder) / "claim.json").read_text())["links"][0]
    assert gate["band"] == link["band"] == band != row(found, "enriched", "irl_proxy")["band"]
    assert "compared unpaired" in link["reason"]


def test_few_second_runs_leave_it_undecided_and_none_not_run(tmp_path: Path) -> None:
    for twice, status, trials in ((1, "undecided", 6), (0, "not run", 0)):
        rates = {a: {"twin": 0.5} for a in ("baseline", "b")}
        store = tmp_path / str(twice)
        study = synthetic_study(store, locations=("shed",), rates=rates, trials=10, gates=(), twice=twice)
        said = json.loads((study.uplift() / "uplift.json").read_text())
        assert [(r["status"], r["trials"], r["paired"]) for r in said["reproducible"]] == [(status, trials, True)]
        notes = row(said, "b", "twin", "shed")["notes"]
        assert [f"whether `twin` reproduces is undecided: 0 of {trials}" in note for note in notes] == [True] * bool(twice)


def test_without_a_baseline_nothing_is_compared(tmp_path: Path) -> None:
    study = synthetic_study(tmp_path / "store", rates={"alone": {"twin": 0.5}}, locations=("shed",), trials=10, gates=())
    said = json.loads((study.uplift() / "uplift.json").read_text())
    assert said["uplift"] == []
    assert len(said["rates"]) == 1


def test_trials_of_the_very_same_policies_are_compared_run_by_run(tmp_path: Path) -> None:
    """Luck in training is common to them: by itself, each side's spread between runs would widen the band."""
    rates = {name: {"irl_proxy": rate} for name, rate in (("baseline", 0.55), ("placebo", 0.55), ("aligned", 0.72))}
    study = synthetic_study(tmp_path / "store", ("barn",), rates, trials=200, curves=False)
    folder = study.uplift()
    found = row(json.loads((folder / "uplift.json").read_text()), "aligned", "irl_proxy", "barn")
    table = pq.read_table(folder / "trials.parquet")
    assert runs_of(table) == {("irl_proxy", "barn", "press-button", seed): [["aligned", "baseline"]] for seed in (0, 1, 2)}
    (apart,) = uplifts(Trials.of(table.replace_schema_metadata(None)), "baseline", study.frame.level)[:1]
    assert found["value"] == pytest.approx(apart.estimate.value, abs=1e-3)
    assert found["band"][1] - found["band"][0] < 0.8 * (apart.estimate.band.high - apart.estimate.band.low)
    assert "both tried the very same policies: compared run by run" in found["notes"]
    other = row(json.loads((folder / "uplift.json").read_text()), "placebo", "irl_proxy", "barn")
    assert not any("very same" in note for note in other["notes"])
