"""`simkiln trials sim-real`: agreement, gap and powered estimates from imported trials."""

import json
import random
from pathlib import Path

import pyarrow as pa
import pytest

from compiler.cli import main
from runtime.trials.agree import all_pairs
from runtime.trials.sets import read_set

MAPPING = """columns: {approach: policy, location: site, seed: seed, initial_state: state, success: ok, domain: where}
fixed: {task: pick}
"""


@pytest.fixture
def robot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three approaches, three seeds; 60 states in the twin, the first 20 of them on the robot, 15 points worse."""
    monkeypatch.chdir(tmp_path)
    lot, rows = random.Random(1), ["policy,site,seed,state,ok,where"]
    for approach, rate in (("baseline", 0.3), ("bold", 0.7), ("bolder", 0.8)):
        for seed in range(3):
            for state in range(60):
                ease = lot.random()
                rows.append(f"{approach},lab,{seed},{state},{int(ease < rate + 0.15)},twin")
                if state < 20:
                    rows.append(f"{approach},lab,{seed},{state},{int(ease < rate)},irl")
    Path("log.csv").write_text("\n".join(rows) + "\n")
    Path("map.yaml").write_text(MAPPING)
    assert main(["trials", "import", "log.csv", "--mapping", "map.yaml", "--name", "lab"]) == 0
    return tmp_path


def found(capsys: pytest.CaptureFixture, *words: str) -> dict:
    capsys.readouterr()
    assert main(["trials", "sim-real", "--json", *words]) == 0
    return json.loads(capsys.readouterr().out)


def test_agreement_gap_and_powered_estimates(robot: Path, capsys: pytest.CaptureFixture) -> None:
    said = found(capsys, "--level", "0.99")
    assert len(said["policies"]) == 9
    assert {(p["simulated_trials"], p["real_trials"]) for p in said["policies"]} == {(60, 20)}
    assert said["agreement"]["pearson"]["value"] > 0.8
    low, high = said["agreement"]["pearson"]["band"]
    assert low < said["agreement"]["pearson"]["value"] <= high
    for gap in said["gap"]:
        assert gap["paired"]
        assert gap["left_out"] == 120
        assert gap["trials"] == gap["real_trials"] == 60
        assert gap["value"] >= 0
        assert gap["band"][0] <= 15 <= gap["band"][1]
    rates = {"baseline": 30, "bold": 70, "bolder": 80}
    for row in said["powered"]:
        assert row["band"][0] <= rates[row["approach"]] <= row["band"][1]
        assert row["band"][1] - row["band"][0] < row["classical_band"][1] - row["classical_band"][0]
        assert (row["real_trials"], row["simulated_trials"]) == (60, 120)


def test_all_pairs_of_domains_of_a_table(robot: Path) -> None:
    table = read_set(robot, "lab").table
    (found,) = all_pairs(table, 0.9)
    assert (found["simulated"], found["real"], found["level"]) == ("twin", "irl", 0.9)
    dreamt = table.filter([d == "twin" for d in table["domain"].to_pylist()])
    at = dreamt.column_names.index("domain")
    dreamt = dreamt.set_column(at, "domain", pa.array(["world_model"] * len(dreamt), table["domain"].type))
    pairs = all_pairs(pa.concat_tables([table, dreamt]), 0.9)
    assert [(p["simulated"], p["real"]) for p in pairs] == [("world_model", "twin"), ("world_model", "irl"), ("twin", "irl")]
    assert pairs[0]["agreement"]["pearson"]["value"] == pytest.approx(1)
    assert (pairs[0]["powered"], pairs[0]["unpowered"]) == ([], [])
    assert all_pairs(table.filter([d == "irl" for d in table["domain"].to_pylist()]), 0.9) == []


def test_lines_for_people(robot: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["trials", "sim-real"]) == 0
    said = capsys.readouterr().out
    assert "`twin` against `irl`" in said
    assert "paired, 120 without a counterpart left out" in said
    assert main(["trials", "uplift"]) == 0
    said = capsys.readouterr().out
    assert "only one approach" not in said
    assert "bolder" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--real", "irll"], "did you mean `irl`?"),
        (["--real", "twin"], "name two domains"),
        (["labb"], "did you mean `lab`?"),
        (["--level", "95"], "is not between"),
        (["--study", "study"], "there are no specs here"),
    ],
)
def test_what_cannot_be_compared(robot: Path, capsys: pytest.CaptureFixture, words: list[str], said: str) -> None:
    assert main(["trials", "sim-real", *words]) in (1, 2)
    assert said in capsys.readouterr().err
