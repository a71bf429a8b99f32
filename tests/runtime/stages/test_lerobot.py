"""LeRobot's own commands on what is made here: it trains on our demos, and its evaluation agrees with ours."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from safetensors.numpy import load_file, save_file

from runtime.build.testing import run_stage

STATES = 4
COMMANDS = """
import json, logging, sys
for command, arguments in json.loads(sys.stdin.read()):
    sys.argv = [command, *arguments]
    if command == "lerobot-train":
        from lerobot.scripts.lerobot_train import main
    else:
        from lerobot.scripts.lerobot_eval import main
    main()
"""
"""What the scripts `lerobot-train` and `lerobot-eval` do, one after another, for one import of LeRobot."""


def still(folder: Path) -> None:
    """Make a checkpoint do nothing: with weights of zero it plans to stay, where actions are counted as states are."""
    weights = load_file(folder / "model.safetensors")
    save_file({name: np.zeros_like(value) for name, value in weights.items()}, folder / "model.safetensors")
    for path in folder.glob("policy_*processor_*.safetensors"):
        flat = load_file(path)
        states = {k.replace("observation.state", "action"): v.copy() for k, v in flat.items() if ".state." in k}
        save_file({**flat, **states}, path)


@pytest.mark.slow
def test_lerobot_trains_on_demos_and_judges_as_we_do(
    sim_store: Path, sim_twin: Path, sim_conditions: Path, sim_demos: Path, sim_policy: Path, tmp_path: Path
) -> None:
    environment = tmp_path / "twin"  # as `simkiln export` writes it
    shutil.copytree(sim_twin, environment)
    shutil.copy(sim_conditions / "conditions.json", environment)
    shutil.copytree(sim_policy / "checkpoint", tmp_path / "still")
    still(tmp_path / "still")

    def judged(policy: Path, out: str, *how: str) -> tuple[str, list[str]]:
        said = [f"--policy.path={policy}", "--policy.device=cpu", f"--output_dir={tmp_path / out}", "--seed=0", *how]
        return "lerobot-eval", ["--env.type=simkiln", f"--env.path={environment}", f"--eval.n_episodes={STATES}", *said]

    trained = ["--dataset.repo_id=simkiln/demos", f"--dataset.root={sim_demos / 'dataset'}", f"--output_dir={tmp_path / 'run'}"]
    trained += ["--policy.type=act", "--policy.push_to_hub=false", "--policy.device=cpu", "--steps=2", "--batch_size=4"]
    trained += ["--policy.pretrained_backbone_weights=null", "--policy.dim_model=32", "--policy.n_heads=2", "--num_workers=0"]
    commands = [
        judged(sim_policy / "checkpoint", "ours", "--eval.batch_size=2", "--eval.use_async_envs=true"),
        judged(tmp_path / "still", "still", f"--eval.batch_size={STATES}", "--eval.use_async_envs=false"),
        ("lerobot-train", [*trained, "--save_freq=2", "--wandb.enable=false"]),
    ]
    without_gl = {**os.environ, "MUJOCO_GL": "disable", "DISPLAY": "", "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", COMMANDS], input=json.dumps(commands), env=without_gl, capture_output=True, text=True, timeout=1200
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "libtorchcodec" not in done.stderr, "a page of errors about FFmpeg"
    params = {"domain": "twin", "trials": STATES, "twice": 0}
    inputs = {"policy": sim_policy, "twin": sim_twin, "conditions": sim_conditions}
    ours = pq.read_table(run_stage("evaluate", params, inputs, sim_store) / "trials.parquet").to_pydict()
    found = json.loads((tmp_path / "ours/eval_info.json").read_text())["per_task"][0]["metrics"]
    assert found["successes"] == ours["success"]
    assert np.allclose(found["sum_rewards"], ours["score"], atol=0.02), (found["sum_rewards"], ours["score"])
    assert len(set(ours["score"])) > 1, "or the comparison says nothing"
    assert json.loads((tmp_path / "still/eval_info.json").read_text())["overall"]["pc_success"] == 0.0
    last = tmp_path / "run/checkpoints/000002/pretrained_model"
    source = {"kind": "lerobot", "root": "policies", "path": last.relative_to(tmp_path).as_posix(), "cameras": {"front": "front"}}
    params = {"source": {**source, "units": "radians", "fps": 10}, "fps": 10, "camera_keys": ["front"]}
    brought = run_stage("checkpoint", params, {}, sim_store, source_dir=tmp_path)
    assert json.loads((brought / "policy.json").read_text())["architecture"] == "act", "what LeRobot trained comes back"
