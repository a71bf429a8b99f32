"""specs/studies/own-so101.yaml from end to end at small size: demos that somebody recorded become a policy that is judged here,
by `lerobot-eval`, and here again when it comes back as a checkpoint; `lerobot-rollout` drives an arm by it."""

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml

from runtime.bound.source import HiddenSite
from tests import REPOSITORY
from tests.loop.project import SMALL, SmallProject
from tests.runtime.recorded.own_so101 import record, spec
from tests.runtime.stages.test_lerobot import COMMANDS

pytestmark = pytest.mark.slow
STATES, PLACE = 8, "own-bench/press-button"
STAGES = {**SMALL, "twin": {}, "demos": {"episodes": 12}, "policy": {"steps": 150}}
BUTTON = {"base_radius_m": 0.055, "cap_radius_m": 0.05, "press_m": 0.002}
"""So large that a policy that has hardly been trained presses it now and then."""
ARM = """
import json, sys
from dataclasses import dataclass
import numpy as np
from lerobot.robots import Robot, RobotConfig

@RobotConfig.register_subclass("arm")
@dataclass
class ArmConfig(RobotConfig):
    pass

JOINTS = [f"{name}.pos" for name in "shoulder_pan shoulder_lift elbow_flex wrist_flex wrist_roll gripper".split()]

class Arm(Robot):
    config_class, name, sent = ArmConfig, "arm", []
    observation_features = {**dict.fromkeys(JOINTS, float), "front": (96, 128, 3)}
    action_features = dict.fromkeys(JOINTS, float)
    is_connected = is_calibrated = True
    at = dict(zip(JOINTS, (0.0, -51.6, 43.0, 65.9, 0.0, 10.0)))
    def connect(self, calibrate=True): pass
    def calibrate(self): pass
    def configure(self): pass
    def disconnect(self): pass
    def get_observation(self):
        return {**self.at, "front": np.full((96, 128, 3), 128, np.uint8)}
    def send_action(self, action):
        self.sent.append({name: float(value) for name, value in action.items()})
        return action

import lerobot.robots.utils, lerobot.rollout.context
made = lambda config: Arm(config)
lerobot.robots.utils.make_robot_from_config = lerobot.rollout.context.make_robot_from_config = made
sys.argv = ["lerobot-rollout", *sys.argv[1:]]
from lerobot.scripts.lerobot_rollout import main
main()
print("sent", json.dumps(Arm.sent))
"""
"""`lerobot-rollout` on an arm that is not there: it counts in degrees, sees a grey wall, and writes down what it is told."""


BACK = {
    "title": "Back",
    "extends": "baseline",
    "row": spec("approaches/recorded")["row"],
    "policy": {"kind": "lerobot", "root": "out", "path": "policy", "cameras": {"front": "front"}, "fps": 10, "units": "degrees"}
    | {"joints": {"gripper": {"units": "0..100"}}},
}


def outcomes(project: SmallProject, label: str, study: str) -> dict[str, list]:
    done = project.simkiln("where", label, "--study", study)
    assert done.returncode == 0, done.stderr
    table = pq.read_table(project.root / done.stdout.strip() / "trials.parquet")
    return table.select(["initial_state", "success", "score"]).to_pydict()


def ran(project: SmallProject, study: str) -> None:
    done = project.simkiln("run", study)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def test_the_whole_path(tmp_path: Path) -> None:
    location = spec("locations/own-bench")
    project = SmallProject(tmp_path, locations={"own-bench": location})
    (tmp_path / "simkiln.local.yaml").write_text("roots: {recordings: recordings, out: out}\n")
    task = {**spec("tasks/press-button"), "button": BUTTON}
    project.write("tasks/press-button", task)
    task.pop("title")
    record(HiddenSite.model_validate(location["source"]), task, tmp_path / "recordings/own-so101", 8, tmp_path / "scratch")
    study = yaml.safe_load((REPOSITORY / "specs/studies/own-so101.yaml").read_text())
    small = {**study, "approaches": ["baseline", "recorded"], "seeds": [0, 1], "stages": STAGES, "trials": {"twin": STATES}}
    project.write("studies/own-so101", small)
    ran(project, "own-so101")
    (uplift,) = (tmp_path / "store/uplift").glob("*/uplift.json")
    rows = json.loads(uplift.read_text())["uplift"]
    assert [(row["approach"], row["location"]) for row in rows] == [("recorded", "own-bench")], "beside the baseline made here"
    ours = outcomes(project, f"evaluate/{PLACE}/recorded/0/twin", "own-so101")

    exported = {
        "policy": (f"policy/{PLACE}/recorded/0", "--units", "degrees"),
        "demos": (f"recorded_demos/{PLACE}",),
        "twin": (f"twin/{PLACE}",),
        "trials": ("uplift",),
        "radians": (f"policy/{PLACE}/recorded/0",),
    }
    for to, words in exported.items():
        done = project.simkiln("export", *words, "--study", "own-so101", "--to", f"out/{to}")
        assert done.returncode == 0, done.stderr
    source = (tmp_path / "out/policy/SOURCE.md").read_text()
    assert f"`recorded_demos/{PLACE}`" in source, "its lineage"
    assert "specs/locations/own-bench.yaml:" in source, "down to lines of specs"
    assert "`own-so101` in root `recordings`: Apache-2.0" in source, "and licences"
    assert "nobody's photos" in (tmp_path / "out/twin/SOURCE.md").read_text()
    with (tmp_path / "out/trials/trials.csv").open() as file:
        of = [row for row in csv.DictReader(file) if row["approach"] == "recorded" and row["seed"] == "0"]
    assert [row["success"] for row in of] == [str(x).lower() for x in ours["success"]]

    def judged(out: str, policy: str, *where: str) -> tuple[str, list[str]]:
        said = [f"--policy.path=out/{policy}", "--policy.device=cpu", "--seed=0", f"--eval.n_episodes={STATES}"]
        return "lerobot-eval", ["--env.type=simkiln", *where, *said, f"--output_dir={out}"]

    named = ("--env.location=own-bench", "--env.task=press-button", "--env.study=own-so101", "--env.units=degrees")
    commands = [
        judged("by-path", "radians", "--env.path=out/twin", "--eval.batch_size=8", "--eval.use_async_envs=false"),
        judged("by-name", "policy", *named, "--eval.batch_size=4", "--eval.use_async_envs=true"),
        judged("nowhere", "policy", "--env.location=attic", "--env.study=own-so101"),
    ]
    known = {**project.environment(), "MUJOCO_GL": "disable", "DISPLAY": "", "HF_HUB_OFFLINE": "1"}
    told: dict[str, Any] = {"input": json.dumps(commands), "env": known, "cwd": tmp_path, "capture_output": True, "text": True}
    done = subprocess.run([sys.executable, "-c", COMMANDS], **told, timeout=1200, check=False)
    assert "study `own-so101` has no built twin of `attic` with trials in it" in done.stderr, done.stderr[-3000:]
    for out in ("by-path", "by-name"):
        theirs = json.loads((tmp_path / out / "eval_info.json").read_text())["per_task"][0]["metrics"]
        assert theirs["successes"] == ours["success"], out
        assert np.allclose(theirs["sum_rewards"], ours["score"], atol=0.02), out
    assert set(ours["success"]) == {True, False}, "or the comparison says little"

    project.write("approaches/back", BACK)
    project.write("studies/back", {**small, "title": "Back", "approaches": ["baseline", "back"]})
    ran(project, "back")
    assert outcomes(project, f"evaluate/{PLACE}/back/0/twin", "back")["success"] == ours["success"], (
        "what was exported comes back"
    )

    words = ["--policy.path=out/policy", "--robot.type=arm", "--task=press", "--duration=1", "--fps=10", "--device=cpu"]
    told = {"env": known, "cwd": tmp_path, "capture_output": True, "text": True}
    done = subprocess.run([sys.executable, "-c", ARM, *words], **told, timeout=600, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    sent = json.loads(done.stdout.splitlines()[-1].removeprefix("sent "))
    assert len(sent) > 5
    assert 20 < max(abs(one["elbow_flex.pos"]) for one in sent) < 100, "it counts in degrees, near where the arm is"
