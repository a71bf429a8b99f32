"""The dataset of specs/studies/own-so101.yaml: what a team would record of its own arm, by the scripted expert at a hidden site.

    python -m tests.runtime.recorded.own_so101 FOLDER [--episodes 160] [--robot DIR]

FOLDER is made through LeRobot's own API: 20 frames a second, the camera `desk`, joints in degrees, the gripper first, from 0 to
100. DIR holds `so101_new_calib.xml` with its meshes, in place of the built-in arm, which is an SO-101 of primitives.
"""

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from runtime.bound.source import HiddenSite
from runtime.build.testing import run_stage
from runtime.learn.dataset import offline
from runtime.sim.episodes.demos import Effort, make_demos
from runtime.sim.episodes.episodes import redraw
from runtime.sim.parts.lerobot_units import names, to_lerobot
from runtime.sim.site.install import install
from runtime.sim.twin.twin import read_twin
from tests import REPOSITORY
from tests.runtime.recorded.lerobot_made import ORDER
from tests.runtime.sim.places import write_folders
from tests.runtime.stages.sim_chain import publish

FPS, WIDTH_PX, HEIGHT_PX = 20, 128, 96
EFFORT = Effort(noise_rad=0.04, noise_hold=0.6, hold_steps=6, seed=7)


def main(argv: Sequence[str] | None = None) -> None:
    """Write the dataset."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--episodes", type=int, default=160)
    parser.add_argument("--robot", type=Path)
    options = parser.parse_args(argv)
    site = HiddenSite.model_validate(spec("locations/own-bench")["source"])
    task = {key: value for key, value in spec("tasks/press-button").items() if key != "title"}
    with tempfile.TemporaryDirectory() as scratch:
        record(site, task, options.folder, options.episodes, Path(scratch), options.robot)


def spec(name: str) -> dict[str, Any]:
    """A committed spec."""
    return yaml.safe_load((REPOSITORY / "specs" / f"{name}.yaml").read_text())


def record(site: HiddenSite, task: dict[str, Any], folder: Path, count: int, scratch: Path, robot: Path | None = None) -> None:
    """Stand the arm at the real place (the twin says only where), let the expert act there, film it, and write what a driver
    of LeRobot would have counted."""
    capture, scene = write_folders(site, scratch / "place")
    store = scratch / "store"
    made = {"capture": publish(store, "capture", capture), "scene": publish(store, "splat", scene)}
    if robot is not None:
        model = {**spec("studies/own-so101").get("robot", ROBOT), "content": ""}
        made["robot"] = run_stage("robot", {"model": model}, {}, store, source_dir=robot)
    params = {"task": task, "control_hz": FPS, "width_px": WIDTH_PX, "height_px": HEIGHT_PX}
    facts = read_twin(run_stage("twin", params, made, store))
    real = install(site.at("medium"), facts)
    found, _ = make_demos(real.model, replace(facts, physics=real.physics), count, 3 * count, EFFORT)
    assert len(found) == count
    offline()
    from lerobot.datasets.lerobot_dataset import LeRobotDataset

    row = {"dtype": "float32", "shape": (len(ORDER),), "names": [names(facts.robot)[i] for i in ORDER]}
    picture = {"dtype": "video", "shape": (HEIGHT_PX, WIDTH_PX, 3), "names": ["height", "width", "channels"]}
    features = {"observation.state": row, "action": dict(row), "observation.images.desk": picture}
    data = LeRobotDataset.create("local/own-so101", FPS, features, root=folder, robot_type="so101_follower", use_videos=True)
    rng = np.random.default_rng(5)
    for episode in found:
        rows = [to_lerobot(facts.robot, joints)[:, ORDER].astype(np.float32) for joints in (episode.state, episode.action)]
        for state, action, film in zip(*rows, redraw(real.eyes["front"], episode, rng), strict=True):
            told = {"observation.state": state, "action": action, "task": facts.task.instruction}
            data.add_frame({**told, "observation.images.desk": film})
        data.save_episode()
    data.finalize()


ROBOT = {
    "root": "robots",
    "path": "so101_new_calib.xml",
    "joints": ["shoulder_pan", "shoulder_lift", "elbow_flex", "wrist_flex", "wrist_roll", "gripper"],
    "home": [0.0, -0.9, 0.75, 1.15, 0.0, 0.0],
    "gripper": "gripper",
    "tip": "gripperframe",
}

if __name__ == "__main__":
    main()
