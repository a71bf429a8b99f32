"""Physics that varies from row to row: numbers of a compiled model, and what a bench does to actions."""

from copy import copy
from dataclasses import replace

import numpy as np

from runtime.bound.randomise import Randomise
from runtime.sim.episodes.demos import Vary
from runtime.sim.parts.mj import Model, mujoco
from runtime.sim.parts.physics import Physics
from runtime.sim.scene.bench import Bench
from runtime.sim.tasks import kind_of
from runtime.sim.twin.twin import Twin

FACTORS = ("gravity_m_s2", "mass", "friction", "damping", "servo", "latency_s", "backlash_deg")
"""What is drawn once for a row; errors of calibration are drawn for each joint."""
ONE_SIDED = ("latency_s", "backlash_deg")
"""Factors that are from none to their range; the others go either way."""
_STREAM = 89


class Varied:
    """Draws of the physics of a twin, for models that are copies of its own."""

    def __init__(self, model: Model, twin: Twin, randomise: Randomise) -> None:
        self._nominal, self._twin, self._how = model, twin, randomise
        objects = [model.body(name).id for name in kind_of(twin.task).OBJECTS]
        moves = model.body_dofnum[model.body_weldid] > 0
        self._bodies = np.flatnonzero(np.isin(model.body_rootid, objects) & moves)
        self._theirs = np.flatnonzero(np.isin(model.dof_bodyid, self._bodies))
        joints = [model.joint(name).id for name in twin.robot.model_names]
        self._own = model.jnt_dofadr[joints]
        self._servos = np.array([model.actuator(name).id for name in twin.robot.model_names])
        self._scratch = mujoco.MjData(model)

    def fresh(self) -> Model:
        """A model to change."""
        return copy(self._nominal)

    def draw(self, model: Model, rng: np.random.Generator) -> tuple[Physics, np.ndarray]:
        """Change a model of `fresh` to a new draw, whatever it was before.

        Returns:
            The physics that a bench does to actions, and what was drawn of `FACTORS` [F], as shares of their ranges in -1..1.
        """
        share = rng.uniform(-1, 1, len(FACTORS))
        for name in ONE_SIDED:
            share[FACTORS.index(name)] = abs(share[FACTORS.index(name)])
        share *= [self._how.of(name) > 0 for name in FACTORS]
        offset = rng.uniform(-1, 1, self._twin.robot.action_dim) * np.array(self._twin.robot.of_arm)
        by = {name: self._how.of(name) * one for name, one in zip(FACTORS, share, strict=True)}
        self._edit(model, by)
        was, n = self._twin.physics.of(self._twin.robot), self._twin.robot.action_dim
        play = np.resize(np.array(was.backlash_rad or (0.0,)), n) + np.radians(by["backlash_deg"])
        error = np.array(was.joint_offset_rad) + np.radians(self._how.of("joint_offset_deg")) * offset
        physics = replace(
            was,
            latency_s=was.latency_s + by["latency_s"],
            backlash_rad=tuple(play.tolist()),
            joint_offset_rad=tuple(error.tolist()),
        )
        return physics, share

    def _edit(self, model: Model, by: dict[str, float]) -> None:
        now, was, bodies = model, self._nominal, self._bodies
        now.opt.gravity[2] = was.opt.gravity[2] - by["gravity_m_s2"]
        now.body_mass[bodies] = was.body_mass[bodies] * (1 + by["mass"])
        now.body_inertia[bodies] = was.body_inertia[bodies] * (1 + by["mass"])
        now.geom_friction[:, 0] = was.geom_friction[:, 0] * (1 + by["friction"])
        now.dof_frictionloss[self._theirs] = was.dof_frictionloss[self._theirs] * (1 + by["friction"])
        now.dof_damping[self._own] = was.dof_damping[self._own] * (1 + by["damping"])
        now.actuator_gainprm[self._servos, 0] = was.actuator_gainprm[self._servos, 0] * (1 + by["servo"])
        now.actuator_biasprm[self._servos, 1] = was.actuator_biasprm[self._servos, 1] * (1 + by["servo"])
        mujoco.mj_setConst(now, self._scratch)  # what the compiler reckoned of masses would be stale


def each_its_own(model: Model, twin: Twin, randomise: Randomise, seed: int) -> tuple[Vary, dict[int, np.ndarray]]:
    """What gives each demo physics of its own, by its start alone, and what it has drawn so far: start -> `FACTORS` [F] as shares
    of their ranges."""
    varied, drawn = Varied(model, twin, randomise), dict[int, np.ndarray]()

    def vary(bench: Bench, indices: range) -> None:
        for i, index in enumerate(indices):
            own = varied.fresh()
            physics, drawn[index] = varied.draw(own, np.random.default_rng([_STREAM, seed, index]))
            bench.vary(i, own, physics)

    return vary, drawn
