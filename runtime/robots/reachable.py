"""Where a robot's hand reaches, turned as it works at home: places on a grid over the support."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from runtime.bound.task import Task
from runtime.problem import InputError, Problem
from runtime.sim.parts.hand import CLEAR_M
from runtime.sim.parts.robot import Robot
from runtime.sim.parts.robot_file import copy_robot, read_robot

FAR_M, SIDE_M = 0.9, 0.6  # ahead of the base, and to either side
CELL_PX = 12


@dataclass(frozen=True)
class Reach:
    """Which places `ahead_m` [X] by `left_m` [Y] of the base frame the hand reaches at every height: bool [X, Y]."""

    ahead_m: np.ndarray
    left_m: np.ndarray
    reached: np.ndarray

    def to_json(self) -> dict[str, Any]:
        """JSON values; the inverse of `from_json`."""
        return {
            "ahead_m": self.ahead_m.round(4).tolist(),
            "left_m": self.left_m.round(4).tolist(),
            "reached": self.reached.astype(int).tolist(),
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Reach":
        """The inverse of `to_json`."""
        return cls(np.array(value["ahead_m"]), np.array(value["left_m"]), np.array(value["reached"], bool))

    def metrics(self) -> dict[str, float]:
        """How much of the support is reached, and from where to where straight ahead."""
        step = float(self.ahead_m[1] - self.ahead_m[0])
        middle = self.ahead_m[self.reached[:, int(np.argmin(np.abs(self.left_m)))]]
        near, far = (float(middle.min()), float(middle.max())) if len(middle) else (0.0, 0.0)
        return {
            "reached_m2": round(float(self.reached.sum()) * step**2, 4),
            "nearest_m": round(near, 3),
            "farthest_m": round(far, 3),
        }

    def outside(self, low: np.ndarray, high: np.ndarray) -> float:
        """The share of a rectangle's places (corners [2], metres) that are not reached; 1 where it leaves the grid."""
        x = (self.ahead_m >= low[0] - 1e-6) & (self.ahead_m <= high[0] + 1e-6)
        y = (self.left_m >= low[1] - 1e-6) & (self.left_m <= high[1] + 1e-6)
        inside = self.reached[np.ix_(x, y)]
        within = low[0] >= self.ahead_m[0] and high[0] <= self.ahead_m[-1] and abs(low[1]) <= SIDE_M and abs(high[1]) <= SIDE_M
        return float(1 - inside.mean()) if inside.size and within else float(inside.size == 0 or not within)


def draw_reach(path: Path, found: Reach) -> None:
    """A picture from above, the base below the middle: green is reached, grey is not; lines are 0.1 m apart."""
    wide, high = len(found.left_m) * CELL_PX, len(found.ahead_m) * CELL_PX
    picture = Image.new("RGB", (wide, high + CELL_PX), "white")
    draw = ImageDraw.Draw(picture)
    for i in range(len(found.ahead_m)):
        for j in range(len(found.left_m)):
            x, y = (len(found.left_m) - 1 - j) * CELL_PX, (len(found.ahead_m) - 1 - i) * CELL_PX
            draw.rectangle(
                (x, y, x + CELL_PX - 2, y + CELL_PX - 2), fill=(70, 160, 90) if found.reached[i, j] else (215, 215, 215)
            )
    base = (len(found.left_m) - 1 - int(np.argmin(np.abs(found.left_m)))) * CELL_PX
    draw.rectangle((base, high, base + CELL_PX - 2, high + CELL_PX - 2), fill=(30, 30, 30))
    picture.save(path)


def stand(artifact: Path, task: Task, into: Path) -> Robot:
    """The robot of an artifact, put into another one, when it reaches all of the task's area, and takes what it is to take.

    Raises:
        InputError: R245 where its hand does not, R279 where experts cannot use it for such a task.
    """
    _refuse_hand(read_robot(artifact), task)
    found, area = Reach.from_json(json.loads((artifact / "reach.json").read_text())), task.area
    middle, half = np.array((area.center_x_m, 0.0)), np.array((area.half_x_m, area.half_y_m))
    if outside := found.outside(middle - half, middle + half):
        said = found.metrics()
        message = f"the robot's hand does not reach {outside:.0%} of the task's area"
        help = f"straight ahead it reaches from {said['nearest_m']:.2f} to {said['farthest_m']:.2f} m: move or narrow the `area`"
        help = f"{help}, or choose another `home`; {artifact / 'reach.png'} shows where"
        raise InputError(Problem("R245", message, help, "area"))
    return copy_robot(artifact, into)


def _refuse_hand(robot: Robot, task: Task) -> None:
    wide = task.widest_m
    if wide is None:
        return
    if robot.hand is None:
        message = f"the expert cannot use the robot's hand for `{task.kind}`: {robot.no_hand}"
        help = "mend the model, `robot.gripper` or `robot.tip`; without a hand there is `press_button`"
        raise InputError(Problem("R279", message, help, "robot.gripper"))
    if (most := robot.hand.gap_m[-1]) < wide + 2 * CLEAR_M:
        message = f"the robot's hand opens {1000 * most:.0f} mm, too little for a thing of {1000 * wide:.0f} mm"
        help = f"a thing may be {1000 * (most - 2 * CLEAR_M):.0f} mm wide (`width_m`)"
        raise InputError(Problem("R279", message, help, "task"))
