"""The scripted expert of a task, as joint targets of a robot."""

import numpy as np

from runtime.bound.task import Task
from runtime.sim.parts.kinematics import reach, tip_at
from runtime.sim.parts.robot import Robot
from runtime.sim.parts.so101 import SO101
from runtime.sim.tasks import kind_of
from runtime.sim.tasks.kind import Reach, Seen


def expert_action(task: Task, seen: Seen, robot: Robot = SO101) -> np.ndarray:
    """The scripted expert: its task's wish as joint targets [J] (rad), from the true state of one trial. The joints stay where
    they are when the wish is out of reach.
    """
    wish = kind_of(task).expert(task, seen)
    if not isinstance(wish, Reach):
        return np.array(wish, dtype=np.float64)
    tip_m = wish.tip_m
    if wish.turn_rad is not None:  # fine work: aim off by as much as the tip is beside where the measured joints say
        tip_m = tip_m + tip_at(robot, seen.joints_rad) - seen.tip_m
    hand = seen.hand
    gripper = robot.closed if hand is None else hand.idle if wish.gap_m is None else hand.joint(wish.gap_m)
    q = reach(robot, tip_m, gripper, seen.joints_rad, wish.turn_rad)
    return np.array(seen.joints_rad if q is None else q, dtype=np.float64)
