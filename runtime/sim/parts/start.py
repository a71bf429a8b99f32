"""Initial states: numbered, seeded, the same for every approach and domain."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from runtime.sim.parts.robot import Robot
from runtime.sim.parts.so101 import SO101

_STREAM = {"trial": 1, "demo": 2, "scripted": 3, "development": 4, "practice": 5}


@dataclass(frozen=True)
class Start:
    """How one episode begins: `joints_rad` [J] as measured by the robot, `objects_m` [K, 3] in the base frame.

    `turns_rad` [K] turns objects about the vertical; `settings` are those of the task that this start changes, such as another
    wording of its instruction.
    """

    index: int
    joints_rad: np.ndarray
    objects_m: np.ndarray
    turns_rad: np.ndarray | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)


def start_rng(index: int, purpose: str, seed: int = 0) -> np.random.Generator:
    """The generator of initial state `index`; trials, demos, the expert's own trials and those of
    development never share a stream."""
    return np.random.default_rng([_STREAM[purpose], seed, index])


def jittered_home(rng: np.random.Generator, jitter_rad: float, robot: Robot = SO101) -> np.ndarray:
    """The start pose [J] with every joint but the gripper off by up to `jitter_rad`."""
    q = robot.home_rad + rng.uniform(-jitter_rad, jitter_rad, robot.action_dim) * robot.of_arm
    return np.clip(q, robot.limits_rad[:, 0], robot.limits_rad[:, 1])
