"""Kinds of tasks on their way through the real stages: tested, shown, learnt from, rehearsed and judged."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from runtime.build.testing import run_stage
from runtime.sim.episodes.episodes import load_episodes
from runtime.sim.twin.twin import read_model, read_twin
from tests import REPOSITORY
from tests.runtime.stages.sim_chain import SITE

LEAST: dict[str, Any] = {"episodes": 3, "scripted_tries": 0, "action_noise_rad": 0.01}


def metrics(artifact: Path) -> dict[str, Any]:
    return json.loads((artifact / "manifest.json").read_text())["metrics"]


@pytest.mark.parametrize(
    "name", ["pick-place-unseen", *(pytest.param(n, marks=pytest.mark.slow) for n in ("push-to-zone", "stack", "open-drawer"))]
)
def test_a_task_runs_through_the_stages(name: str, sim_store: Path, sim_captured: tuple[Path, Path]) -> None:
    task = yaml.safe_load((REPOSITORY / f"specs/tasks/{name}.yaml").read_text()) | {"horizon_s": 4.0}
    del task["title"]
    task.pop("stages", None)
    capture, scene = sim_captured
    twin = run_stage("twin", {"task": task}, {"capture": capture, "scene": scene}, sim_store)
    demos = run_stage("demos", LEAST, {"twin": twin}, sim_store)
    found = metrics(demos)
    assert (found["idle_successes"], found["expert_failures"]) == (0, {})
    assert found["expert_rate"] == 1.0
    policy = run_stage("policy", {"steps": 2, "batch_size": 4, "held_out": 1, "seed": 0}, {"demos": demos}, sim_store)
    rehearsal = run_stage("rehearse", {"trials": 2}, {"policy": policy, "twin": twin}, sim_store)
    assert metrics(rehearsal)["n"] == 2
    conditions = run_stage("conditions", {"task": task, "states": 4, "gap": ["medium"], "train": 3}, {}, sim_store)
    rows = json.loads((conditions / "conditions.json").read_text())["conditions"]
    assert all(len(row["turns_rad"]) == len(row["objects_m"]) for row in rows)
    judged = {"policy": policy, "twin": twin, "conditions": conditions}
    site = {"domain": "irl_proxy", "site": SITE.model_dump()}
    for where, count in (({"domain": "twin"}, 4), (site, 1)):
        trials = metrics(run_stage("evaluate", {**where, "trials": count, "twice": 1}, judged, sim_store))
        assert (trials["n"], trials["differing"]) == (count, 0)
    if name == "pick-place-unseen":
        settings = [row.get("settings", {}) for row in rows if row["split"] == "held_out"]
        assert len({json.dumps(one, sort_keys=True) for one in settings}) > 1
        assert {one.instruction for one in load_episodes(demos / "episodes.npz")} > {""}
        said = read_twin(twin).task.under({"thing": task["held_out_things"][0]})
        model = read_model(twin, read_twin(twin), said)
        assert np.allclose(model.geom("thing/cylinder").size[:2], (0.016, 0.018))
