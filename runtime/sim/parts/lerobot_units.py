"""Joints in the units of LeRobot's drivers, for datasets and policies that cross over to real arms.

Ours are radians, as the model's zero pose counts them. LeRobot 0.6 (`lerobot/robots/so_follower`, `use_degrees` by default) calls
a joint `NAME.pos`, counts it in degrees from the middle that calibration found (the zero of the `new_calib` models), and the
gripper from 0 (closed) to 100 (open).
"""

import numpy as np

from runtime.sim.parts.robot import Robot


def names(robot: Robot) -> tuple[str, ...]:
    """What LeRobot calls the numbers of an action."""
    return tuple(f"{name}.pos" for name in robot.names)


def to_lerobot(robot: Robot, joints_rad: np.ndarray) -> np.ndarray:
    """Joints [..., J] in degrees, the gripper in 0 to 100; as they are, beyond their ranges too."""
    found = np.degrees(joints_rad)
    at = robot.gripper_index
    found[..., at] = 100 * (np.asarray(joints_rad)[..., at] - robot.closed) / (robot.open - robot.closed)
    return found


def from_lerobot(robot: Robot, values: np.ndarray) -> np.ndarray:
    """The inverse of `to_lerobot`, [..., J]."""
    found = np.radians(values)
    at = robot.gripper_index
    found[..., at] = robot.closed + np.asarray(values)[..., at] / 100 * (robot.open - robot.closed)
    return found
