"""The scripted expert: a task's wish for the tip, turned into joint targets by inverse kinematics."""

import numpy as np

from runtime.bound.task import Task
from runtime.sim.parts.kinematics import solve
from runtime.sim.tasks import kind_of


def expert_action(task: Task, tip_m: np.ndarray, objects_m: np.ndarray, joints_rad: np.ndarray, step_s: float) -> np.ndarray:
    """Joint targets [6] (rad) from the true tip [3] and objects [K, 3]; the joints stay where they are when the wish is
    out of reach.
    """
    wish = kind_of(task).expert_tip(task, tip_m, objects_m, step_s)
    q = solve(wish, gripper_rad=0.0)
    return np.array(joints_rad, dtype=np.float64) if q is None else q
