"""Inverse kinematics in closed form: the pan joint turns a plane in which lift, elbow and wrist are three links.

The plane's link vectors are read off the model at the zero pose, so the solution follows `runtime.sim.parts.so101` by itself.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from runtime.sim.parts.body import robot_model
from runtime.sim.parts.inverse import inverse_of
from runtime.sim.parts.mj import Data, Model, mujoco
from runtime.sim.parts.places import follow
from runtime.sim.parts.robot import Robot
from runtime.sim.parts.so101 import SO101


@dataclass(frozen=True)
class Plane:
    """Geometry at the zero pose, metres, (forward, up) in the arm's plane."""

    pan_x: float
    lift: np.ndarray  # [2] the lift axis, forward from the pan axis
    upper: np.ndarray  # [2] lift axis to elbow axis
    lower: np.ndarray  # [2] elbow axis to wrist axis
    hand: np.ndarray  # [2] wrist axis to tip


@lru_cache(maxsize=1)
def plane() -> Plane:
    """The arm's plane, from the model's zero pose."""
    model = robot_model(SO101)
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    at = {name: data.body(name).xpos[[0, 2]] for name in ("shoulder", "upper_arm", "lower_arm", "wrist")}
    pan_x = float(at["shoulder"][0])
    tip = data.site(SO101.tip.site).xpos[[0, 2]]
    return Plane(
        pan_x, at["upper_arm"] - (pan_x, 0.0), at["lower_arm"] - at["upper_arm"], at["wrist"] - at["lower_arm"], tip - at["wrist"]
    )


def _turn(vector: np.ndarray, pitch_rad: float) -> np.ndarray:
    """Turn (forward, up) downwards by `pitch_rad`."""
    c, s = np.cos(pitch_rad), np.sin(pitch_rad)
    return np.array((c * vector[0] + s * vector[1], -s * vector[0] + c * vector[1]))


def _angle(vector: np.ndarray) -> float:
    """Angle above the forward axis."""
    return float(np.arctan2(vector[1], vector[0]))


def _solve_at_pitch(radius: float, height: float, pitch_rad: float) -> np.ndarray | None:
    """Lift, elbow and wrist angles [3] with the tip at (radius, height), the hand pitched down; None out of reach."""
    arm = plane()
    to_wrist = np.array((radius, height)) - _turn(arm.hand, pitch_rad) - arm.lift
    a, b, d = np.linalg.norm(arm.upper), np.linalg.norm(arm.lower), np.linalg.norm(to_wrist)
    if not abs(a - b) < d < a + b:
        return None
    rise = np.arccos(np.clip((a * a + d * d - b * b) / (2 * a * d), -1, 1))  # elbow up
    upper_angle = _angle(to_wrist) + rise
    elbow = arm.lift + a * np.array((np.cos(upper_angle), np.sin(upper_angle)))
    lower_angle = _angle(arm.lift + to_wrist - elbow)
    lift = _angle(arm.upper) - upper_angle
    bend = _angle(arm.lower) - lower_angle - lift
    return np.array((lift, bend, pitch_rad - lift - bend))


def preferred_pitch(radius_m: float) -> float:
    """Downward pitch of the hand (rad) that reaches every height used: 66 degrees near, less from 0.2 m outwards.

    One smooth function of the distance, so that a path of the tip is a smooth path of the joints.
    """
    return float(np.radians(66.0 - 90.0 * max(0.0, radius_m - 0.20)))


def reach(
    robot: Robot, tip_m: np.ndarray, gripper: float, joints_rad: np.ndarray, turn_rad: float | None = None
) -> np.ndarray | None:
    """Joint targets [J] (rad) of any robot that bring its tip to `tip_m` [3], from where its joints [J] are, and turn its hand
    (`runtime.sim.tasks.kind.Reach`); None out of reach. `gripper` is where the gripper's joint goes.
    """
    if robot.is_built_in:
        return solve(tip_m, gripper) if turn_rad is None else solve_turned(tip_m, gripper, turn_rad)
    return inverse_of(robot).solve(tip_m, joints_rad, gripper, turn_rad)


def steep_pitch(radius_m: float, height_m: float) -> float:
    """The steepest downward pitch (rad) that joint ranges allow, or nearly: upright near and low, less farther out and up."""
    return float(np.radians(88.0 - 330.0 * max(0.0, radius_m - 0.245) - 250.0 * max(0.0, height_m - 0.04)))


def solve(tip_m: np.ndarray, gripper_rad: float = 0.0, roll_rad: float = 0.0, steep: bool = False) -> np.ndarray | None:
    """Joint angles [J] (rad) that put the tip at `tip_m` [3] in the base frame; None when it is out of reach.

    The hand takes the preferred pitch, or the nearest one (in steps of 2 degrees) at which the joint ranges allow it; with
    `steep`, as steep a one as there is.
    """
    dx, dy = tip_m[0] - plane().pan_x, tip_m[1]
    radius = float(np.hypot(dx, dy))
    wanted = steep_pitch(radius, float(tip_m[2])) if steep else preferred_pitch(radius)
    low, high = SO101.limits_rad.T
    for step in sorted(range(-25, 18), key=abs):
        bends = _solve_at_pitch(radius, float(tip_m[2]), wanted + np.radians(2.0 * step))
        if bends is None:
            continue
        q = np.array((-np.arctan2(dy, dx), *bends, roll_rad, gripper_rad))
        if np.all((q >= low) & (q <= high)):
            return q
    return None


def solve_turned(tip_m: np.ndarray, gripper_rad: float, turn_rad: float) -> np.ndarray | None:
    """Joint angles [J] (rad) with the tip at `tip_m` [3] and the hand rolled so that the moving finger lies from the other one in
    the direction `turn_rad` about the vertical; None when it is out of reach.

    `solve` counts the tip on the roll axis, which it is not quite: what is left over is taken off in a few steps.
    """
    model, data = _bare(SO101)
    site, hand = model.site(SO101.tip.site).id, model.body(SO101.tip.link).id
    aim, roll = np.array(tip_m, float), turn_rad - float(np.arctan2(tip_m[1], tip_m[0] - plane().pan_x))
    low, high = SO101.limits_rad[SO101.names.index("wrist_roll")]
    q = None
    for _ in range(4):
        q = solve(aim, gripper_rad, float(np.clip((roll + np.pi) % (2 * np.pi) - np.pi, low, high)), steep=True)
        if q is None:
            return None
        data.qpos[:] = q
        mujoco.mj_kinematics(model, data)
        across = data.xmat[hand].reshape(3, 3)[:, 0]
        aim += tip_m - data.site_xpos[site]
        roll += (turn_rad - np.arctan2(across[1], across[0]) + np.pi) % (2 * np.pi) - np.pi
    return q


def tip_at(robot: Robot, joints_rad: np.ndarray) -> np.ndarray:
    """Where joints [J] (rad) put the tip [3] in the base frame."""
    return pose_at(robot, joints_rad)[:3, 3]


def pose_at(robot: Robot, joints_rad: np.ndarray) -> np.ndarray:
    """Where joints [J] (rad) put the frame of the tip, [4, 4] in the base frame."""
    model, data = _bare(robot)
    for name, angle in zip(robot.model_names, joints_rad, strict=True):
        data.joint(name).qpos[0] = angle
    follow(model, data)
    mujoco.mj_kinematics(model, data)
    site, pose = data.site(robot.tip.site), np.eye(4)
    pose[:3, :3], pose[:3, 3] = site.xmat.reshape(3, 3), site.xpos
    return pose


@lru_cache(maxsize=4)
def _bare(robot: Robot) -> tuple[Model, Data]:
    model = robot_model(robot)
    return model, mujoco.MjData(model)
