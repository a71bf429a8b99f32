"""Two policies that people brought, in PushT: from specs to a report, and the same trials by LeRobot's own command."""

import json
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.loop.project import SmallProject

MAKE = """
import sys
import torch
from lerobot.configs import FeatureType, NormalizationMode, PolicyFeature
from lerobot.policies.act.configuration_act import ACTConfig
from lerobot.policies.factory import get_policy_class, make_pre_post_processors

seen = {"observation.image": PolicyFeature(FeatureType.VISUAL, (3, 96, 96))}
seen["observation.state"] = PolicyFeature(FeatureType.STATE, (2,))
modes = {"VISUAL": NormalizationMode.MEAN_STD, "STATE": NormalizationMode.MIN_MAX, "ACTION": NormalizationMode.MIN_MAX}
stats = {key: {"min": torch.zeros(2), "max": torch.full((2,), 512.0)} for key in ("observation.state", "action")}
stats["observation.image"] = {"mean": torch.zeros(3, 1, 1), "std": torch.ones(3, 1, 1)}
for seed, folder in enumerate(sys.argv[1:]):
    torch.manual_seed(seed)
    config = ACTConfig(device="cpu", pretrained_backbone_weights=None, dim_model=16, n_heads=2, dim_feedforward=16,
                       n_encoder_layers=1, n_vae_encoder_layers=1, latent_dim=4, chunk_size=8, n_action_steps=8,
                       input_features=seen, output_features={"action": PolicyFeature(FeatureType.ACTION, (2,))})
    config.normalization_mapping = modes
    for part in (get_policy_class("act")(config), *make_pre_post_processors(config, dataset_stats=stats)):
        part.save_pretrained(folder)
"""
ROW = {"available": True, "no_new_real_data": True, "no_teleoperation": True, "stack_change": "none"}
POLICY = {"kind": "lerobot", "root": "policies", "cameras": {"image": "observation.image"}, "units": "native", "fps": 10}
TRIALS, STEPS = 4, 24


@pytest.mark.slow
def test_brought_policies_are_compared_as_lerobot_scores_them(tmp_path: Path) -> None:
    pytest.importorskip("gym_pusht")
    study = {
        "title": "On PushT",
        "locations": ["pusht"],
        "tasks": ["push-t"],
        "approaches": ["ours", "theirs"],
        "baseline": "theirs",
        "seeds": [0],
        "trials": {"benchmark": TRIALS},
        "targets": [],
        "stages": {"benchmark_trials": {"at_once": 1, "twice": 2}},
    }
    project = SmallProject(tmp_path, study, {"pusht": {"title": "PushT", "source": {"kind": "benchmark", "suite": "pusht"}}})
    said = {"kind": "benchmark", "environment": "PushT-v0", "instruction": "push the T", "max_steps": STEPS}
    project.write("tasks/push-t", {"title": "Push the T", **said})
    for name in ("ours", "theirs"):
        project.write(f"approaches/{name}", {"title": name, "policy": {**POLICY, "path": name}, "row": ROW})
    places = {"roots": {"policies": "policies"}, "environments": {"pusht": sys.prefix}}
    (tmp_path / "simkiln.local.yaml").write_text(json.dumps(places))
    folders = [str(tmp_path / "policies" / name) for name in ("ours", "theirs")]
    subprocess.run([sys.executable, "-c", MAKE, *folders], check=True, env=project.environment(), capture_output=True)

    done = project.snakemake()
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    assert project.to_build() == set()
    report = json.loads((tmp_path / "build/report/study.json").read_text())
    assert [(row["approach"], row["domain"]) for row in report["evidence"]["uplift"]] == [("ours", "benchmark")]
    rows = {}
    for label, node in project.plan().items():
        if node["stage"] == "benchmark_trials":
            folder = project.store.path(node["stage"], node["fingerprint"])
            metrics = json.loads((folder / "manifest.json").read_text())["metrics"]
            assert (metrics["repeated"], metrics["differing"], metrics["steps_apart"]) == (2, 0, 0)
            rows[label.split("/")[3]] = pq.read_table(folder / "trials.parquet").to_pylist()
    assert [r["initial_state"] for r in rows["ours"]] == [r["initial_state"] for r in rows["theirs"]] == list("0123")
    assert {r["protocol"] for approach in rows.values() for r in approach} == {rows["ours"][0]["protocol"]}
    assert len({r["score"] for r in rows["ours"]}) > 1

    words = ["lerobot.scripts.lerobot_eval", "--env.type=pusht", f"--env.episode_length={STEPS}", "--policy.device=cpu"]
    words += ["--env.observation_height=96", "--env.observation_width=96", f"--policy.path={folders[0]}", "--seed=1000"]
    words += [
        f"--eval.n_episodes={TRIALS}",
        "--eval.batch_size=1",
        "--eval.use_async_envs=false",
        f"--output_dir={tmp_path / 'eval'}",
    ]
    run = subprocess.run(
        [sys.executable, "-m", *words], capture_output=True, text=True, check=False, cwd=tmp_path, env=project.environment()
    )
    assert run.returncode == 0, run.stderr[-3000:]
    (task,) = json.loads((tmp_path / "eval/eval_info.json").read_text())["per_task"]
    assert task["metrics"]["successes"] == [r["success"] for r in rows["ours"]]
    assert task["metrics"]["max_rewards"] == pytest.approx([r["score"] for r in rows["ours"]], abs=1e-5)
