"""Joints in the units of LeRobot's drivers, for datasets and policies that cross over to real arms.

Ours are radians, as the model's zero pose counts them. LeRobot 0.6 (`lerobot/robots/so_follower`, `use_degrees` by default) calls
a joint `NAME.pos`, counts it in degrees from the middle that calibration found (the zero of the `new_calib` models), and the
gripper from 0 (closed) to 100 (open). Without `use_degrees` joints are counted from -100 to 100 of their ranges.
"""

from typing import Literal

import numpy as np

from runtime.sim.parts.robot import Robot

Units = Literal["radians", "degrees", "percent"]


def names(robot: Robot) -> tuple[str, ...]:
    """What LeRobot calls the numbers of an action."""
    return tuple(f"{name}.pos" for name in robot.names)


def to_lerobot(robot: Robot, joints_rad: np.ndarray, units: Units = "degrees") -> np.ndarray:
    """Joints [..., J] in degrees or per cent, the gripper in 0 to 100; as they are, beyond their ranges too."""
    scale, zero = _line(robot, units)
    return (np.asarray(joints_rad) - zero) / scale


def from_lerobot(robot: Robot, values: np.ndarray, units: Units = "degrees") -> np.ndarray:
    """The inverse of `to_lerobot`, [..., J]."""
    scale, zero = _line(robot, units)
    return np.asarray(values) * scale + zero


def _line(robot: Robot, units: Units) -> tuple[np.ndarray, np.ndarray]:
    """Radians (metres, of a slide) in a unit [J], and radians at 0 [J]."""
    low, high = robot.limits_rad.T
    count = len(low)
    scale, zero = {
        "radians": (np.ones(count), np.zeros(count)),
        "degrees": (np.full(count, np.pi / 180), np.zeros(count)),
        "percent": ((high - low) / 200, (high + low) / 2),
    }[units]
    if units != "radians":
        at = robot.gripper_index
        scale[at], zero[at] = (robot.open - robot.closed) / 100, robot.closed
    return scale, zero
