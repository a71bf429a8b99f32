"""Does an initial state stay as it is when nobody acts? One that does not would judge the scene, not the policy."""

from collections.abc import Sequence

import numpy as np

from runtime.bound.task import Task
from runtime.problem import InputError, Problem
from runtime.sim.parts.mj import Model
from runtime.sim.parts.physics import Physics
from runtime.sim.parts.places import own_places
from runtime.sim.parts.robot import Robot
from runtime.sim.parts.so101 import SO101
from runtime.sim.parts.start import Start
from runtime.sim.scene.bench import Bench

SETTLE_S = 0.25
MOST_MOVED = 1e-3  # metres, or radians of a hinge


def refuse_unsettled(model: Model, physics: Physics, task: Task, starts: Sequence[Start], robot: Robot = SO101) -> None:
    """Hold the arm still for a moment in a copy of every trial, and look whether the task's objects move. How far a spring
    presses a joint beyond the end of its range is no movement: MuJoCo's limits are soft.

    Raises:
        InputError: R275 when something moves by itself, or the task is done without anybody acting.
    """
    bench = Bench(model, physics, task, 1 / SETTLE_S, starts, robot=robot)
    before = bench.object_joints()
    bench.step(np.stack([start.joints_rad for start in starts]))
    low, high = _ranges(model, robot).T
    moved = np.abs(bench.object_joints().clip(low, high) - before.clip(low, high)).max(1, initial=0.0)
    odd = [i for i, far in enumerate(moved) if not far <= MOST_MOVED or bench.judges[i].success]
    if odd:
        first, far = starts[odd[0]].index, float(moved[odd[0]])
        message = f"{len(odd)} of {len(starts)} initial states do not stay as they are, first {first}: {1000 * far:.1f} mm"
        help = "leave the object more room in the task's `area`, or draw others with `trial_seed` of `conditions`"
        raise InputError(Problem("R275", message, help, "stages.conditions.trial_seed"))


def _ranges(model: Model, robot: Robot) -> np.ndarray:
    """Ends of the ranges of all joints that are not the robot's [J, 2]; infinite where one has none."""
    found, limited = np.tile((-np.inf, np.inf), (model.nq, 1)), model.jnt_limited > 0
    found[model.jnt_qposadr[limited]] = model.jnt_range[limited]
    return np.delete(found, own_places(model, robot), 0)
