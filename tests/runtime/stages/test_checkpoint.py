"""A policy that people bring: the very checkpoint that was made here acts the same when it comes back under other names."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from safetensors.numpy import load_file, save_file

from runtime.bound.checkpoint import LeRobotPolicy
from runtime.build.testing import run_stage
from runtime.export.policy import in_units
from runtime.problem import InputError
from runtime.sim.parts.so101 import SO101
from runtime.sim.trials.crossed import Crossed

SAID = {"kind": "lerobot", "root": "checkpoints", "path": "mine", "cameras": {"front": "front"}, "units": "radians", "fps": 10}


def brought(store: Path, root: Path, **said: Any) -> Path:
    source: dict[str, Any] = {**SAID, **said}
    params = {"source": source, "fps": source["fps"], "camera_keys": list(source["cameras"])}
    return run_stage("checkpoint", params, {}, store, source_dir=root)


def outcomes(trials: Path) -> list[tuple[object, ...]]:
    rows = pq.read_table(trials / "trials.parquet").to_pylist()
    return [(r["initial_state"], r["success"], r["score"], r["steps"]) for r in rows]


@pytest.fixture
def mine(tmp_path: Path, sim_policy: Path) -> Path:
    shutil.copytree(sim_policy / "checkpoint", tmp_path / "mine")
    return tmp_path


def in_degrees(folder: Path) -> None:
    """As it is exported for a real arm, and with another name of the camera."""
    in_units(folder, SO101, "degrees")
    for path in folder.glob("policy_*processor_*.safetensors"):
        save_file({name.replace("images.front", "images.top"): value for name, value in load_file(path).items()}, path)
    for path in folder.glob("*.json"):
        path.write_text(path.read_text().replace("images.front", "images.top"))


def test_it_acts_as_it_did_here_under_other_names_and_units(
    sim_store: Path, sim_twin: Path, sim_conditions: Path, sim_policy: Path, mine: Path
) -> None:
    inputs = {"twin": sim_twin, "conditions": sim_conditions}
    params = {"domain": "twin", "trials": 3, "twice": 0}
    here = outcomes(run_stage("evaluate", params, {"policy": sim_policy, **inputs}, sim_store))
    back = brought(sim_store, mine)
    assert json.loads((back / "policy.json").read_text())["architecture"] == "simkiln_small"
    assert outcomes(run_stage("evaluate", params, {"policy": back, **inputs}, sim_store)) == here
    in_degrees(mine / "mine")
    other = brought(sim_store, mine, cameras={"front": "top"}, units="degrees", joints={"gripper": {"units": "0..100"}})
    found = outcomes(run_stage("evaluate", params, {"policy": other, **inputs}, sim_store))
    assert [row[:2] for row in found] == [row[:2] for row in here]
    assert np.allclose([row[2] for row in found], [row[2] for row in here], atol=1e-3), "but for rounding"


def test_what_would_pass_unnormalised_or_run_code_is_refused(sim_store: Path, mine: Path) -> None:
    folder = mine / "mine"
    stats = next(folder.glob("policy_postprocessor_*.safetensors"))
    whole = load_file(stats)
    save_file({k: v for k, v in whole.items() if not k.startswith("action.")}, stats)
    with pytest.raises(InputError, match=r"R284: .* holds no `mean` of `action`"):
        brought(sim_store, mine)
    save_file(whole, stats)
    (folder / "deep").mkdir()
    (folder / "deep" / "optimizer.PT").write_bytes(b"\x80\x04.")
    with pytest.raises(InputError, match=r"R282: .* `deep/optimizer.PT`, a pickle"):
        brought(sim_store, mine)
    shutil.rmtree(folder / "deep")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"chunk_size": 5}))
    with pytest.raises(InputError, match="R281: LeRobot cannot run the checkpoint"):
        brought(sim_store, mine)


def test_changes_are_added_to_the_joints_in_their_own_units_and_order() -> None:
    class Steady:
        """It always asks for one degree more of the first joint that it knows, and two of the second."""

        looks, facts = False, {"action_dim": 2, "image_hw": [4, 4], "camera_keys": ["top"], "fps": 10}

        def act(self, images: object, state: np.ndarray, instruction: str) -> np.ndarray:
            return np.tile([1.0, 2.0], (len(state), 1))

    said: dict[str, Any] = SAID | {"units": "degrees", "action": "delta", "order": ["elbow_flex", "shoulder_pan"]}
    said |= {"joints": {"shoulder_pan": {"sign": -1, "offset": 30.0}}}
    state = np.full((2, 6), 0.3, np.float32)
    given = Crossed(Steady(), LeRobotPolicy.model_validate(said), SO101).act({}, state, "go")  # ty: ignore[invalid-argument-type]
    np.testing.assert_allclose(given - state, np.tile(np.radians([-2.0, 0, 1.0, 0, 0, 0]), (2, 1)), atol=1e-6)
