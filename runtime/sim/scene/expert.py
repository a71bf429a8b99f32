"""The scripted expert of a task, as joint targets of a robot."""

import numpy as np

from runtime.bound.task import Task
from runtime.sim.parts.kinematics import reach
from runtime.sim.parts.robot import Robot
from runtime.sim.parts.so101 import SO101
from runtime.sim.tasks import kind_of
from runtime.sim.tasks.kind import Reach, Seen


def expert_action(
    task: Task, tip_m: np.ndarray, objects_m: np.ndarray, joints_rad: np.ndarray, step_s: float, robot: Robot = SO101
) -> np.ndarray:
    """The scripted expert: its task's wish as joint targets [J] (rad), from the true tip [3] and objects [K, 3] and the measured
    joints [J]. The joints stay where they are when the wish is out of reach.
    """
    wish = kind_of(task).expert(task, Seen(tip_m, joints_rad, objects_m, step_s))
    q = reach(robot, wish.tip_m, wish.gripper_rad, joints_rad) if isinstance(wish, Reach) else wish
    return np.array(joints_rad if q is None else q, dtype=np.float64)
