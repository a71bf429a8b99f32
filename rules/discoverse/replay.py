"""Demos of a twin, replayed by DISCOVERSE (commit a06a88f) and drawn by its Gaussians.

Runs where it is installed, with nothing of ours:

    python replay.py [--physics] [--out DIR]

`states` are put in one after another; with `--physics` only the first is, and actions drive the rest. What is written is what
DISCOVERSE's own tasks write: OUT/NNN/obs_action.json and cam_ID.mp4.
"""

import argparse
import json
import os
import sys
from pathlib import Path

import mujoco
import numpy as np
from discoverse.envs.simulator import SimulatorBase
from discoverse.universal_manipulation import PyavImageEncoder, recoder_single_arm
from discoverse.utils import BaseConfig

HERE = Path(__file__).resolve().parent


class Replay(SimulatorBase):
    """The twin's scene, whose control is what it is told."""

    def __init__(self, config, actuators, joints):
        super().__init__(config)
        self.actuators = [self.mj_model.actuator(name).id for name in actuators]
        self.joints = [self.mj_model.joint(name).qposadr[0] for name in joints]

    def put(self, qpos, objects_m, turns):
        """Put the scene into a recorded state, at rest."""
        mujoco.mj_resetData(self.mj_model, self.mj_data)
        self.mj_data.qpos[:] = qpos
        if len(objects_m):
            self.mj_data.mocap_pos[:] = objects_m
            self.mj_data.mocap_quat[:] = turns
        mujoco.mj_forward(self.mj_model, self.mj_data)

    def updateControl(self, action):
        """Tell the servos joint targets [J], rad."""
        self.mj_data.ctrl[self.actuators] = action

    def getObservation(self):
        """Time (s), joints [J] (rad) and the pictures that were drawn last."""
        jq = [float(self.mj_data.qpos[at]) for at in self.joints]
        return {"time": float(self.mj_data.time), "jq": jq, "img": {i: p.copy() for i, p in self.img_rgb_obs_s.items()}}

    def post_physics_step(self):
        """Nothing."""

    def getChangedObjectPose(self):
        """Nothing."""
        return None

    def checkTerminated(self):
        """Demos end by themselves."""
        return False

    def getPrivilegedObservation(self):
        """Nothing."""
        return None

    def getReward(self):
        """Nothing."""
        return None


def main():
    """Replay all demos of the package."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--physics", action="store_true")
    parser.add_argument("--out", default=str(HERE / "data"))
    args = parser.parse_args()
    task = json.loads((HERE / "task.json").read_text())
    config = BaseConfig()
    config.mjcf_file_path = str(HERE / "mjcf" / "scene.xml")
    config.timestep, config.decimation = task["timestep_s"], task["decimation"]
    config.sync, config.headless = False, True
    config.render_set = {"fps": task["fps"], "width": task["width"], "height": task["height"]}
    config.obs_rgb_cam_id = list(range(len(task["cameras"])))
    config.use_gaussian_renderer = True
    config.gs_model_dict = {name: str(HERE / "3dgs" / file) for name, file in task["gaussians"].items()}
    sim = Replay(config, task["actuators"], task["joints"])
    assert sim.config.use_gaussian_renderer, "DISCOVERSE was installed without its Gaussian renderer"
    with np.load(HERE / "episodes.npz") as stored:
        rows = {key: stored[key] for key in ("qpos", "action", "objects_m", "lengths")}
        turns = stored.get("turns")
    ends = np.cumsum(rows["lengths"])
    for i, (first, end) in enumerate(zip(ends - rows["lengths"], ends, strict=True)):
        folder = os.path.join(args.out, f"{i:03d}")
        upright = np.tile((1.0, 0.0, 0.0, 0.0), (len(rows["objects_m"][i]), 1))
        still = rows["objects_m"][i], upright if turns is None else turns[i]
        encoders = {cam: PyavImageEncoder(task["width"], task["height"], folder, cam) for cam in config.obs_rgb_cam_id}
        seen = []
        for step in range(first, end):
            if step == first or not args.physics:
                sim.put(rows["qpos"][step], *still)
                sim.mj_data.time = (step - first) / task["fps"]
            sim.render()
            obs = sim.getObservation()
            for cam, picture in obs.pop("img").items():
                encoders[cam].encode(picture, obs["time"])
            seen.append({**obs, "action": rows["action"][step].tolist()})
            if args.physics:
                for _ in range(task["decimation"]):
                    sim.updateControl(rows["action"][step])
                    mujoco.mj_step(sim.mj_model, sim.mj_data)
        for encoder in encoders.values():
            encoder.close()
        recoder_single_arm(folder, seen)
        sys.stderr.write(f"{i + 1} of {len(ends)}\n")


if __name__ == "__main__":
    main()
