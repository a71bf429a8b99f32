"""A published evaluation of 2,400 paired episodes, imported through the committed mapping."""

import csv
import json
from pathlib import Path

import pytest

from compiler.cli import main
from tests import REPOSITORY

MAPPING = REPOSITORY / "docs" / "trials" / "clutter_spoon.yaml"


@pytest.fixture
def logs(shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = shared_data / "eval_logs" / "clutter_spoon"
    if not folder.is_dir():
        pytest.skip("the published logs (eval_logs/clutter_spoon) are not among the real input")
    monkeypatch.chdir(tmp_path)
    return folder


def compared(logs: Path, capsys: pytest.CaptureFixture) -> dict:
    files = sorted(str(p) for p in logs.glob("*_n*.csv"))
    assert main(["trials", "import", *files, "--mapping", str(MAPPING)]) == 0
    assert "4,800 trials: 2 approaches, 1 location, 12 tasks, 10 seeds" in capsys.readouterr().out
    assert main(["trials", "uplift", "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_every_condition_is_as_expected(logs: Path, capsys: pytest.CaptureFixture) -> None:
    found = compared(logs, capsys)
    rows = {row["task"]: row for row in found["uplift"] if row["location"]}
    rates = {(r["approach"], r["task"]): r["value"] for r in found["rates"]}
    with (logs / "EXPECTED.csv").open() as file:
        expected = list(csv.DictReader(file))
    assert len(expected) == len(rows) == 12
    for want in expected:
        task = f"{want['category']}_n{want['n_distractors']}"
        row, these = rows[task], rows[task]["these_policies"]
        assert row["value"] == pytest.approx(float(want["uplift_pp"]))
        assert rates["baseline", task] == pytest.approx(float(want["report_baseline"]))
        assert rates["cgvd", task] == pytest.approx(float(want["report_treat"]))
        assert (these["gained"], these["lost"]) == (int(want["n01"]), int(want["n10"]))
        assert these["both"] + these["gained"] == int(want["treat_succ"])
        assert these["mcnemar_exact_p"] == pytest.approx(float(want["mcnemar_exact_p"]))
        assert these["seed_sd"] == pytest.approx(float(want["seed_sd_uplift"]))
        assert row["pairs"] == int(want["episodes"])
        assert row["seeds"] == int(want["seeds"])


def test_pooled_uplift_and_how_failures_changed(logs: Path, capsys: pytest.CaptureFixture) -> None:
    found = compared(logs, capsys)
    (pooled,) = (row for row in found["uplift"] if row["location"] is None)
    assert pooled["value"] == pytest.approx(13.125)
    assert pooled["direction"] == "helps"
    assert (pooled["these_policies"]["gained"], pooled["these_policies"]["lost"]) == (591, 276)
    changes = {s["mode"]: s for s in found["failure_mode_shifts"]}
    assert {mode: s["direction"] for mode, s in changes.items()} == {
        "never_reached": "less often",
        "missed_grasp": "less often",
        "dropped": "undecided",
    }
    assert {round(s["level"], 4) for s in changes.values()} == {0.9833}, "three bands that hold together at 0.95"
    assert sum(s["value"] for s in changes.values()) == pytest.approx(-pooled["value"], abs=1e-3)
    assert any("one trained policy" in note for note in found["notes"])


def test_a_renamed_copy_of_one_condition_is_refused(logs: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["trials", "import", str(logs / "control_n0.csv"), "--mapping", str(MAPPING), "--name", "first"]) == 0
    copy = tmp_path / "control_n99.csv"
    copy.write_text((logs / "control_n0.csv").read_text() + "\n")  # another digest
    assert main(["trials", "import", str(copy), "--mapping", str(MAPPING), "--name", "second"]) == 1
    said = capsys.readouterr().err
    assert "the same 200 outcomes in the same order" in said
    assert not (tmp_path / "trials" / "second").exists()
    reason = ["--same-outcomes-because", "a test"]
    assert main(["trials", "import", str(copy), "--mapping", str(MAPPING), "--name", "second", *reason]) == 0
    manifest = json.loads((tmp_path / "trials" / "second" / "manifest.json").read_text())
    assert manifest["same_outcomes_because"] == "a test"
