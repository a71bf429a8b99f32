"""A scene: statics, robot and task objects in one MuJoCo model, in the robot's nominal base frame (x ahead, z up)."""

from collections.abc import Iterable

import numpy as np

from runtime.bound.task import Task
from runtime.sim.parts.body import add_robot
from runtime.sim.parts.mj import Spec, mujoco
from runtime.sim.parts.physics import Physics
from runtime.sim.parts.robot import Robot
from runtime.sim.parts.so101 import SO101
from runtime.sim.parts.solid import Solid, add_solids
from runtime.sim.tasks import kind_of


def build_scene(
    task: Task, physics: Physics, solids: Iterable[Solid], group: int, frame: np.ndarray | None = None, robot: Robot = SO101
) -> Spec:
    """The scene as an `MjSpec`; compile it, or write it with `to_xml`. `frame` moves the solids into the base frame."""
    spec = mujoco.MjSpec()
    spec.option.timestep = physics.timestep_s
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    spec.option.cone = mujoco.mjtCone.mjCONE_PYRAMIDAL
    add_solids(spec, solids, group, physics.friction, frame)
    add_robot(spec, robot, (*physics.mount_offset_m, 0.0), physics.mount_yaw_rad, physics.servo, physics.friction)
    kind_of(task).add_objects(spec, task, physics)
    return spec
