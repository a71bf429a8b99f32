"""Trying where a robot's hand reaches."""

import numpy as np

from runtime.robots.reachable import FAR_M, SIDE_M, Reach
from runtime.sim.parts.inverse import inverse_of
from runtime.sim.parts.robot import Robot

HEIGHTS_M = (0.02, 0.10)  # of the tip over the support: as it touches, and as it comes
MOST_TURN_RAD = 0.6  # by which the hand may be turned otherwise than at home


def reach_map(robot: Robot, step_m: float) -> Reach:
    """Try the places of a grid one beside another, each from where the last one ended."""
    inverse = inverse_of(robot)
    ahead, left = np.arange(0.0, FAR_M + 1e-9, step_m), np.arange(-SIDE_M, SIDE_M + 1e-9, step_m)
    reached = np.zeros((len(ahead), len(left)), bool)
    for j, y in enumerate(left):
        for i, x in enumerate(ahead):
            q: np.ndarray | None = robot.home_rad
            for height in HEIGHTS_M:
                q = inverse.solve(np.array((x, y, height)), q, robot.gripper_at(0.0)) if q is not None else None
                q = q if q is not None and inverse.turned() < MOST_TURN_RAD else None
            reached[i, j] = q is not None
    return Reach(ahead, left, reached)
