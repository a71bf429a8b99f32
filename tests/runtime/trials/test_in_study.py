"""Imported trials as evidence of a study: in its plan, its uplift and its gates."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from compiler.cli import main
from compiler.graph.expand import expand
from compiler.laws.check import check
from compiler.project.load import load_project
from compiler.run.idle import key
from runtime.build.testing import run_stage
from runtime.problem import InputError
from runtime.trials.listing import read_manifest
from tests.errors.cases import base
from tests.runtime.synthetic_study import Synthetic, synthetic_study

MAPPING = """columns:
  {approach: policy, location: site, seed: seed, initial_state: state, success: ok, failure_mode: why}
fixed: {task: TASK, domain: irl}
"""


def log(path: Path, locations: list[str], wins: dict[str, int], seeds: int, states: int = 20) -> None:
    """A robot's log: approach I wins at the first `wins` of every 10 states."""
    rows = ["policy,site,seed,state,ok,why"]
    for place, location in enumerate(locations):
        for approach, share in wins.items():
            for seed in range(seeds):
                for state in range(states):
                    won = (state * (7, 3)[place] + seed) % 10 < share
                    rows.append(f"{approach},{location},{seed},{state},{int(won)},{'' if won else 'dropped'}")
    path.write_text("\n".join(rows) + "\n")


def test_a_study_that_names_a_set_is_planned_by_its_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base().write(tmp_path)
    monkeypatch.chdir(tmp_path)

    def address() -> tuple[str, str]:
        project = load_project(tmp_path)
        assert check(project) == []
        (node,) = (n for n in expand(project, "study").nodes.values() if n.stage.name == "uplift")
        return node.address

    without = address()
    Path("map.yaml").write_text(MAPPING.replace("TASK", "press"))
    addresses, keys = [without], [key(tmp_path, "study", {}).key]
    study = Path("specs/study.yaml")
    study.write_text(study.read_text() + "imported: [lab]\n")
    for wins in (5, 8):
        log(Path("log.csv"), ["cellar"], {"baseline": 3, "bold": wins}, seeds=2)
        assert main(["trials", "import", "log.csv", "--mapping", "map.yaml", "--name", "lab", "--replace"]) == 0
        addresses.append(address())
        keys.append(key(tmp_path, "study", {}).key)
    assert len(set(addresses)) == 3
    assert len(set(keys)) == 3, "a remembered plan would outlive its trials"
    assert address() == addresses[-1]


@pytest.fixture
def robot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Synthetic, dict[str, Any]]:
    """A made-up study, and the parameters of its uplift with trials of a robot."""
    monkeypatch.chdir(tmp_path)
    study = synthetic_study(tmp_path / "store", rates={a: {"twin": 0.7} for a in ("baseline", "enriched")})
    Path("map.yaml").write_text(MAPPING.replace("TASK", "press-button"))
    log(Path("log.csv"), list(study.frame.locations), {"baseline": 3, "enriched": 7}, seeds=3)
    assert main(["trials", "import", "log.csv", "--mapping", "map.yaml", "--name", "lab"]) == 0
    digest = read_manifest(tmp_path, "lab")["sha256"]
    frame = study.frame.model_dump(mode="json")
    return study, {"cells": study.dumped_cells(), "study": frame, "imported": [{"name": "lab", "sha256": digest}]}


def test_real_trials_count_in_uplift_and_gates(robot: tuple[Synthetic, dict[str, Any]]) -> None:
    study, params = robot
    folder = run_stage("uplift", params, {"trials": study.trials}, study.store)
    found = json.loads((folder / "uplift.json").read_text())
    (row,) = (r for r in found["uplift"] if r["domain"] == "irl" and r["location"] is None)
    assert row["value"] == pytest.approx(40)
    assert row["direction"] == "helps"
    assert row["pairs"] == 2 * 3 * 20
    assert {r["domain"] for r in found["uplift"]} == {"irl", "twin"}
    assert found["counts"]["cells"] == len(study.cells) + 12
    assert found["imported"] == [one | {"day": None} for one in params["imported"]]
    irl = [r for r in pq.read_table(folder / "trials.parquet").to_pylist() if r["domain"] == "irl"]
    assert len(irl) == 240
    rule = {"metric": "uplift", "approach": "enriched", "domain": "irl", "comparator": "above", "threshold": 0}
    assert json.loads((study.gate(rule, folder) / "gate.json").read_text())["status"] == "passed"
    repetitions = params | {"imported": [one | {"seeds": "evaluation"} for one in params["imported"]]}
    other = json.loads((run_stage("uplift", repetitions, {"trials": study.trials}, study.store) / "uplift.json").read_text())
    asked = {(r["domain"], r["question"]) for r in other["uplift"]}
    assert asked == {("irl", "these policies"), ("twin", "training runs")}


def test_a_set_that_changed_since_planning_is_refused(robot: tuple[Synthetic, dict[str, Any]]) -> None:
    study, params = robot
    log(Path("log.csv"), list(study.frame.locations), {"baseline": 3, "enriched": 5}, seeds=3)
    assert main(["trials", "import", "log.csv", "--mapping", "map.yaml", "--name", "lab", "--replace"]) == 0
    with pytest.raises(InputError, match="X429: imported trials `lab` cannot be read: it was imported anew"):
        run_stage("uplift", params, {"trials": study.trials}, study.store)


def test_one_trial_in_two_sets_is_refused(robot: tuple[Synthetic, dict[str, Any]]) -> None:
    study, params = robot
    log(Path("log.csv"), list(study.frame.locations[:1]), {"baseline": 4, "enriched": 6}, seeds=1, states=5)
    assert main(["trials", "import", "log.csv", "--mapping", "map.yaml", "--name", "again"]) == 0
    digest = read_manifest(Path.cwd(), "again")["sha256"]
    twice = params | {"imported": [*params["imported"], {"name": "again", "sha256": digest}]}
    with pytest.raises(InputError, match="X430: 10 trials are in two sets"):
        run_stage("uplift", twice, {"trials": study.trials}, study.store)


def test_a_robots_second_run_decides_whether_its_trials_pair(robot: tuple[Synthetic, dict[str, Any]]) -> None:
    study, params = robot
    text = Path("log.csv").read_text().splitlines()
    for flipped, status, paired in ((0, "passed", True), (24, "failed", False)):
        second = [text[0]]
        for i, line in enumerate(text[1:]):
            *head, won, why = line.split(",")
            won, why = (str(1 - int(won)), "dropped" if won == "1" else "") if i < flipped else (won, why)
            second.append(",".join([*head, won, why]))
        Path("second.csv").write_text("\n".join(second) + "\n")
        words = ["second.csv", "--mapping", "map.yaml", "--name", "again", "--same-outcomes-because", "run once more"]
        assert main(["trials", "import", *words, "--replace"]) == 0
        digest = read_manifest(Path.cwd(), "again")["sha256"]
        both = params | {"repeated": [{"name": "again", "sha256": digest}]}
        folder = run_stage("uplift", both, {"trials": study.trials}, study.store)
        found = json.loads((folder / "uplift.json").read_text())
        (seen,) = (r for r in found["reproducible"] if r["domain"] == "irl")
        assert (seen["trials"], seen["differing"], seen["status"]) == (240, flipped, status)
        assert {r["paired"] for r in found["uplift"] if r["domain"] == "irl"} == {paired}
        assert {r["paired"] for r in found["uplift"] if r["domain"] == "twin"} == {True}
        assert found["counts"]["trials"] == study.frame.trials["twin"] * len(study.cells) + 240


def test_a_second_run_of_other_trials_is_refused(robot: tuple[Synthetic, dict[str, Any]]) -> None:
    study, params = robot
    log(Path("other.csv"), list(study.frame.locations), {"nobody": 4}, seeds=3)
    assert main(["trials", "import", "other.csv", "--mapping", "map.yaml", "--name", "other"]) == 0
    both = params | {"repeated": [{"name": "other", "sha256": read_manifest(Path.cwd(), "other")["sha256"]}]}
    with pytest.raises(InputError, match="X446: the set `other` repeats no trial of this study"):
        run_stage("uplift", both, {"trials": study.trials}, study.store)


def test_a_set_whose_files_were_edited_is_refused(robot: tuple[Synthetic, dict[str, Any]], capsys: pytest.CaptureFixture) -> None:
    assert main(["trials", "uplift", "lab"]) == 0
    assert "over seeds" in capsys.readouterr().out
    path = Path("trials/lab/trials.parquet")
    table = pq.read_table(path)
    pq.write_table(table.slice(1), path)
    assert main(["trials", "uplift", "lab"]) == 1
    assert "not those that were imported" in capsys.readouterr().err
