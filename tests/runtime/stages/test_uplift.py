"""The uplift stage on a made-up study with known rates."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from runtime.problem import InputError
from runtime.stats.table import KEY
from tests.runtime.synthetic_study import Synthetic, synthetic_study


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Synthetic:
    return synthetic_study(tmp_path_factory.mktemp("study") / "store")


@pytest.fixture(scope="module")
def found(study: Synthetic) -> dict[str, Any]:
    return json.loads((study.uplift() / "uplift.json").read_text())


def row(found: dict[str, Any], approach: str, domain: str, location: str | None = None) -> dict[str, Any]:
    (only,) = (
        r for r in found["uplift"] if (r["approach"], r["domain"], r["location"]) == (approach, domain, location)
    )
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
    assert 100 * (pooled["discordant"]["gained"] - pooled["discordant"]["lost"]) / 240 == pytest.approx(
        pooled["value"], abs=1e-3
    )
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


def test_without_a_baseline_nothing_is_compared(tmp_path: Path) -> None:
    study = synthetic_study(
        tmp_path / "store", rates={"alone": {"twin": 0.5}}, locations=("shed",), trials=10, gates=()
    )
    said = json.loads((study.uplift() / "uplift.json").read_text())
    assert said["uplift"] == []
    assert len(said["rates"]) == 1
