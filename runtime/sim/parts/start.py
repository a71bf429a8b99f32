"""Initial states: numbered, seeded, the same for every approach and domain."""

from dataclasses import dataclass

import numpy as np

from runtime.sim.parts.robot import LIMITS_RAD

HOME_RAD = np.array((0.0, -0.9, 0.75, 1.15, 0.0, 0.0))  # hand above the near edge of the work area, out of its way
_STREAM = {"trial": 1, "demo": 2, "scripted": 3, "development": 4}


@dataclass(frozen=True)
class Start:
    """How one episode begins: `joints_rad` [6] as measured by the robot, `objects_m` [K, 3] in the base frame."""

    index: int
    joints_rad: np.ndarray
    objects_m: np.ndarray


def start_rng(index: int, purpose: str, seed: int = 0) -> np.random.Generator:
    """The generator of initial state `index`; trials, demos, the expert's own trials and those of
    development never share a stream."""
    return np.random.default_rng([_STREAM[purpose], seed, index])


def jittered_home(rng: np.random.Generator, jitter_rad: float) -> np.ndarray:
    """The start pose [6] with every joint but the gripper off by up to `jitter_rad`."""
    q = HOME_RAD + rng.uniform(-jitter_rad, jitter_rad, 6) * (1, 1, 1, 1, 1, 0)
    return np.clip(q, LIMITS_RAD[:, 0], LIMITS_RAD[:, 1])
