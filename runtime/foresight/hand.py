"""Where joints are asked to be, as where the hand is: the ten numbers of a step that the role `dynamics` is told."""

from pathlib import Path

import numpy as np

from runtime.sim.parts.mj import mujoco
from runtime.sim.parts.robot import TIP_SITE
from runtime.sim.twin.twin import read_model, read_twin


def asked_of(twin: Path, joints: np.ndarray, actions: np.ndarray) -> np.ndarray:
    """Poses f32 [N, T, 10] of the hand where joints [N, J] were first and are asked to be [N, T, J], both rad: place in metres
    and two columns of its turn (Zhou et al., "On the Continuity of Rotation Representations", 2019), both from where it is at
    first, and how far it is open, 0 to 1."""
    facts, model = read_twin(twin), read_model(twin)
    robot, data, tip = facts.robot, mujoco.MjData(model), model.site(TIP_SITE).id
    where = np.array([model.joint(name).qposadr[0] for name in robot.model_names])

    def pose(q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        data.qpos[where] = q
        mujoco.mj_kinematics(model, data)
        return data.site_xpos[tip].copy(), data.site_xmat[tip].reshape(3, 3).copy()

    low, high = robot.limits_rad[robot.gripper_index]
    rows = []
    for first, asked in zip(joints, actions, strict=True):
        at, turned = pose(first)
        for q in asked:
            place, turn = pose(q)
            own = turned.T @ turn
            grip = (q[robot.gripper_index] - low) / (high - low)
            rows.append(np.concatenate([turned.T @ (place - at), own[:, 0], own[:, 1], [np.clip(grip, 0, 1)]]))
    return np.array(rows, np.float32).reshape(*actions.shape[:2], 10)
