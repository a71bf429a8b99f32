"""Sheets: blocks by lot, labels that tell nothing, and the way back from a filled one."""

import csv
import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.cli import main
from runtime.trials.sheet import draw_sheet, read_key
from tests.errors.cases import base


@given(st.integers(2, 30), st.integers(1, 12), st.integers(0, 5))
def test_every_policy_meets_every_state_once_in_an_order_by_lot(policies: int, states: int, seed: int) -> None:
    named = [(f"approach-{i % 3}", i) for i in range(policies)]
    sheet = draw_sheet("study", "lab", "pick", named, [str(i) for i in range(states)], seed)
    assert sheet == draw_sheet("study", "lab", "pick", named, [str(i) for i in range(states)], seed)
    assert sorted(sheet.labels.values()) == sorted(named)
    assert [line.trial for line in sheet.lines] == list(range(1, policies * states + 1))
    blocks = [sheet.lines[i : i + policies] for i in range(0, len(sheet.lines), policies)]
    for block in blocks:
        assert len({line.initial_state for line in block}) == 1
        assert {line.policy for line in block} == set(sheet.labels)
    assert not any(approach in sheet.text({}) for approach, _ in named), "the sheet tells who is who"
    assert read_key(sheet.key().encode(), "key.json") == sheet


def test_labels_and_first_places_are_spread_evenly() -> None:
    named = [("a", 0), ("b", 0)]
    sheets = [draw_sheet("study", "lab", "pick", named, [str(i) for i in range(10)], seed) for seed in range(300)]
    assert 120 < Counter(sheet.labels["A"] for sheet in sheets)["a", 0] < 180
    first = Counter(sheet.labels[sheet.lines[i].policy] for sheet in sheets for i in range(0, 20, 2))
    assert 1400 < first["a", 0] < 1600
    changes = sum(len({sheet.lines[i].policy for i in range(0, 20, 2)}) == 2 for sheet in sheets)
    assert changes > 280, "one label comes first at every initial state"


@pytest.fixture
def sheet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> Path:
    base().write(tmp_path)
    monkeypatch.chdir(tmp_path)
    study = json.loads(json.dumps(_study(tmp_path)))
    assert main(["trials", "sheet", "--location", study["location"], "--states", "3", "--seed", "4"]) == 0
    assert "not for whoever judges" in capsys.readouterr().out
    (table,) = (tmp_path / "sheets").glob("*.csv")
    return table


def _study(root: Path) -> dict:
    from compiler.project.load import load_project

    study = load_project(root).studies["study"]
    return {"location": study.locations[0], "approaches": study.approaches, "seeds": study.seeds}


def fill(table: Path, **said: dict[int, str]) -> Path:
    """Fill columns in; a function of the row's number decides."""
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        for column, by_trial in said.items():
            row[column] = by_trial.get(int(row["trial"]), row[column])
    filled = table.with_name("filled.csv")
    with filled.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return filled


def test_a_filled_sheet_comes_back_with_its_labels_resolved(sheet: Path, capsys: pytest.CaptureFixture) -> None:
    import pyarrow.parquet as pq

    root = sheet.parent.parent
    key = sheet.with_suffix("").with_suffix(".key.json")
    drawn = read_key(key.read_bytes(), "key")
    study = _study(root)
    assert len(drawn.lines) == 3 * len(study["approaches"]) * len(study["seeds"])
    wins = {line.trial: "yes" if drawn.labels[line.policy][0] == study["approaches"][0] else "no" for line in drawn.lines}
    wins[1] = ""  # this one did not take place
    modes = {trial: "dropped" for trial, word in wins.items() if word == "no"}
    filled = fill(sheet, success=wins, failure_mode=modes, day={2: "2026-03-05"})
    assert main(["trials", "import", str(filled), "--key", str(key), "--name", "lab"]) == 0
    said = capsys.readouterr().out
    assert "1 trials of" in said
    assert "did not take place" in said
    table = pq.read_table(root / "trials" / "lab" / "trials.parquet").to_pylist()
    assert len(table) == len(drawn.lines) - 1
    assert {(r["approach"], r["seed"]) for r in table} == {(a, s) for a in study["approaches"] for s in study["seeds"]}
    assert all(r["success"] == (r["approach"] == study["approaches"][0]) for r in table)
    assert {r["domain"] for r in table} == {"irl"}
    assert [r["day"] for r in table].count("2026-03-05") == 1
    assert {r["day"] for r in table} == {"2026-03-05", None}
    assert {r["failure_mode"] for r in table} == {"", "dropped"}
    page = sheet.with_suffix(".html").read_text()
    assert page.count("<tr><td>") == len(drawn.lines)
    assert not any(f">{approach}<" in page for approach in study["approaches"])


def test_a_sheet_is_never_written_over(sheet: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["trials", "sheet", "--location", _study(sheet.parent.parent)["location"], "--seed", "4"]) == 2
    assert "may be filled in" in capsys.readouterr().err


def test_rows_that_were_changed_are_told(sheet: Path, capsys: pytest.CaptureFixture) -> None:
    key = sheet.with_suffix("").with_suffix(".key.json")
    drawn = read_key(key.read_bytes(), "key")
    wrong = "B" if drawn.lines[1].policy == "A" else "A"
    filled = fill(sheet, policy={2: wrong}, trial={3: "999", 4: "1"}, success={1: "yes"})
    assert main(["trials", "import", str(filled), "--key", str(key)]) == 1
    said = capsys.readouterr().err
    assert f"trial 2 has `{wrong}`, printed was `{drawn.lines[1].policy}`" in said
    assert "trial `999` was not printed" in said
    assert "trial `1` comes twice" in said
    assert main(["trials", "import", str(filled), "--key", str(filled)]) == 1
    assert "is not the key of a sheet" in capsys.readouterr().err


def test_people_set_up_the_states_that_the_study_s_trials_begin_from(tmp_path: Path) -> None:
    from compiler.project.load import load_project
    from compiler.trials.sheet import draw
    from runtime.sim.scene.describe_start import describe_start
    from runtime.sim.trials.conditions import draw as conditions

    base().write(tmp_path)
    study = tmp_path / "specs" / "study.yaml"
    study.write_text(study.read_text() + "stages: {conditions: {trial_seed: 7}}\n")
    project = load_project(tmp_path)
    _, starts = draw(project, "study", "cellar", None, [], 3, 0, 0)
    recorded = conditions(project.tasks["press"], "held_out", 3, 7)
    assert starts == {str(one.start.index): describe_start(one.start) for one in recorded}
