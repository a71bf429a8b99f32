"""The scripted expert of a task, as joint targets of a robot."""

from dataclasses import replace

import numpy as np

from runtime.bound.task import Task
from runtime.sim.parts.kinematics import reach, tip_at
from runtime.sim.parts.robot import Robot
from runtime.sim.parts.so101 import SO101
from runtime.sim.tasks import kind_of
from runtime.sim.tasks.kind import Reach, Seen


def expert_action(task: Task, seen: Seen, robot: Robot = SO101) -> np.ndarray:
    """The scripted expert: its task's wish as joint targets [J] (rad), from the true state of one trial. The joints stay where
    they are when the wish is out of reach. An expert knows the built-in arm's gripper: that of another robot is shown to it, and
    moved by it, as a share of its way.
    """
    shown = seen
    if not robot.is_built_in:
        share = robot.gripper_share(float(seen.joints_rad[robot.gripper_index]))
        shown = replace(seen, joints_rad=np.append(np.delete(seen.joints_rad, robot.gripper_index), SO101.gripper_at(share)))
    wish = kind_of(task).expert(task, shown)
    if not isinstance(wish, Reach):
        return np.array(wish, dtype=np.float64)
    tip_m = wish.tip_m
    if wish.turn_rad is not None:  # fine work: aim off by as much as the tip is beside where the measured joints say
        tip_m = tip_m + tip_at(robot, seen.joints_rad) - seen.tip_m
    q = reach(robot, tip_m, wish.gripper_rad, seen.joints_rad, wish.turn_rad)
    return np.array(seen.joints_rad if q is None else q, dtype=np.float64)
