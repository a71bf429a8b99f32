"""A policy for a real arm: the same checkpoint, which reads and gives joints as LeRobot's drivers count them."""

from pathlib import Path

import numpy as np

from runtime.learn.dataset import ACTION, STATE
from runtime.learn.normaliser import normaliser_files
from runtime.sim.parts.lerobot_units import Units, to_lerobot
from runtime.sim.parts.robot import Robot


def in_units(checkpoint: Path, robot: Robot, units: Units) -> None:
    """Rewrite the statistics of a checkpoint that counts in radians. Weights stay: a policy sees and gives normalised values
    alone, which a change of units leaves as they are, since normalising is affine in every mode of LeRobot.
    """
    from safetensors.numpy import load_file, save_file

    zero = to_lerobot(robot, np.zeros(robot.action_dim), units)
    for path in normaliser_files(checkpoint):
        flat = load_file(path)
        for name, value in flat.items():
            key, _, statistic = name.rpartition(".")
            if key in (STATE, ACTION) and statistic != "count":
                moved = to_lerobot(robot, value.astype(np.float64), units)
                flat[name] = (moved - zero if statistic == "std" else moved).astype(value.dtype)
        save_file(flat, path)
