"""Trials of checkpoints: the same initial states for each, and the finished policy's trials once more."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from runtime.build.testing import run_stage
from runtime.stages.learning import LearningParams

TRIALS = 4


@pytest.fixture(scope="module")
def kept(sim_store: Path, sim_demos: Path) -> Path:
    params = {"steps": 6, "batch_size": 8, "held_out": 1, "seed": 0, "snapshots": [0.5, 1.0]}
    return run_stage("policy", params, {"demos": sim_demos}, sim_store)


def curve(policy: Path, twin: Path, conditions: Path, store: Path, **params: object) -> Path:
    wanted = {"at": [0.5, 1.0], "trials": TRIALS, **params}
    return run_stage("learning", wanted, {"policy": policy, "twin": twin, "conditions": conditions}, store)


def test_the_last_point_is_what_evaluate_says(kept: Path, sim_twin: Path, sim_conditions: Path, sim_store: Path) -> None:
    found = curve(kept, sim_twin, sim_conditions, sim_store)
    rows = pq.read_table(found / "learning.parquet").to_pylist()
    assert [row["step"] for row in rows] == [3] * TRIALS + [6] * TRIALS
    assert [row["windows"] for row in rows] == [24] * TRIALS + [48] * TRIALS
    assert [row["initial_state"] for row in rows] == 2 * [str(i) for i in range(TRIALS)]
    trials = run_stage(
        "evaluate",
        {"domain": "twin", "trials": TRIALS},
        {"policy": kept, "twin": sim_twin, "conditions": sim_conditions},
        sim_store,
    )
    names = ["initial_state", "success", "score", "failure_mode"]
    theirs = pq.read_table(trials / "trials.parquet").select(names).to_pylist()
    ours = [{name: row[name] for name in names} for row in rows]
    assert ours[TRIALS:] == theirs
    assert ours[:TRIALS] != theirs, "an earlier checkpoint acts differently"
    metrics = json.loads((found / "manifest.json").read_text())["metrics"]
    assert metrics["last_rate"] == sum(row["success"] for row in theirs) / TRIALS
    assert (metrics["points"], metrics["n"], metrics["last_step"]) == (2, TRIALS, 6)


def test_an_untrained_policy_has_one_point(sim_store: Path, sim_demos: Path, sim_twin: Path, sim_conditions: Path) -> None:
    params = {"steps": 0, "batch_size": 8, "held_out": 1, "seed": 0, "snapshots": [0.5, 1.0]}
    policy = run_stage("policy", params, {"demos": sim_demos}, sim_store)
    found = curve(policy, sim_twin, sim_conditions, sim_store)
    table = pq.read_table(found / "learning.parquet")
    assert set(table["step"].to_pylist()) == {0}
    assert table.num_rows == TRIALS


def test_more_checkpoints_and_trials_take_longer() -> None:
    from runtime.stage import load_stages

    cost = load_stages()["learning"].cost
    one, many = (cost(LearningParams(at=at, trials=20)).minutes for at in ((1.0,), (0.25, 0.5, 1.0)))
    assert many > one
