"""The bench: many trials of one scene stepped in lockstep, so that a policy is called with batches."""

from collections.abc import Mapping, Sequence

import numpy as np

from runtime.bound.task import Task
from runtime.sim.parts.mj import Model, mujoco
from runtime.sim.parts.physics import Physics
from runtime.sim.parts.places import follow, own_places
from runtime.sim.parts.robot import Robot
from runtime.sim.parts.so101 import SO101
from runtime.sim.parts.start import Start
from runtime.sim.tasks import kind_of
from runtime.sim.tasks.kind import Moment, Seen, Term

BLOWN_UP = tuple(
    int(kind) for kind in (mujoco.mjtWarning.mjWARN_BADQPOS, mujoco.mjtWarning.mjWARN_BADQVEL, mujoco.mjtWarning.mjWARN_BADQACC)
)
"""Warnings of MuJoCo that say that a state is not finite or far too large."""


class Bench:
    """N trials. Actions and measured joints [N, J] in radians, as the robot's own encoders count them. `terms` are the parts of
    the reward that steps return, with their weights: none unless asked for.
    """

    def __init__(
        self,
        model: Model,
        physics: Physics,
        task: Task,
        control_hz: float,
        starts: Sequence[Start],
        terms: Mapping[Term, float] | None = None,
        robot: Robot = SO101,
    ) -> None:
        self.model, self.task, self.robot, self.step_s = model, task, robot, 1.0 / control_hz
        self._joints = np.array([model.joint(name).qposadr[0] for name in robot.model_names])  # in qpos
        self._actuators = np.array([model.actuator(name).id for name in robot.model_names])
        self._own = own_places(model, robot)
        self._lags = model.actuator_actadr[self._actuators]  # in act
        self._tip = model.site(robot.tip.site).id
        self._kind, self._terms = kind_of(task), terms or {}
        self.starts = list(starts)
        n = len(self.starts)
        self.models = [model] * n
        self.datas = [mujoco.MjData(model) for _ in self.starts]
        self.judges = [self._kind.judge(task, model) for _ in self.starts]
        self._last, self._changed, self._offset, self._play = (np.zeros((n, robot.action_dim)) for _ in range(4))
        self._late, self._prompt = [0] * n, [0] * n
        for i in range(n):
            self._obey(i, physics)
            self._place(i)

    def vary(self, i: int, model: Model, physics: Physics) -> None:
        """Give trial `i` a model of its own, which differs from the bench's in numbers alone, and other physics. To be reset."""
        if model is not self.models[i]:
            self.models[i], self.datas[i] = model, mujoco.MjData(model)
        self._obey(i, physics)

    def _obey(self, i: int, physics: Physics) -> None:
        """Dead time, errors of calibration and play of the gears of trial `i`."""
        substeps = max(1, round(self.step_s / physics.timestep_s))
        late = min(substeps - 1, round(physics.latency_s / physics.timestep_s))
        self._late[i], self._prompt[i] = late, substeps - late
        self._offset[i] = physics.of(self.robot).joint_offset_rad
        play = np.resize(np.array(physics.backlash_rad or (0.0,)), self.robot.action_dim)
        self._play[i] = play * np.array(self.robot.of_arm) / 2

    def reset(self, rows: Sequence[int], starts: Sequence[Start]) -> None:
        """Begin the trials `rows` anew, each from its start; the others stay as they are."""
        for i, start in zip(rows, starts, strict=True):
            self.starts[i] = start
            self.judges[i] = self._kind.judge(self.task, self.models[i])
            self._place(i)

    def _place(self, i: int) -> None:
        model, data, start = self.models[i], self.datas[i], self.starts[i]
        mujoco.mj_resetData(model, data)
        truth = start.joints_rad + self._offset[i]
        data.qpos[self._joints] = truth
        follow(model, data)
        self._kind.place(model, data, start)
        data.ctrl[self._actuators] = truth
        data.act[self._lags] = truth  # the servos' lag starts settled
        self._last[i], self._changed[i] = truth, 0.0
        mujoco.mj_forward(model, data)
        self.judges[i].update(data)

    def __len__(self) -> int:
        return len(self.starts)

    def measured(self) -> np.ndarray:
        """Joint angles as the robot reports them [N, J], float32."""
        return (np.stack([data.qpos for data in self.datas])[:, self._joints] - self._offset).astype(np.float32)

    def measured_of(self, i: int) -> np.ndarray:
        """Joint angles of trial `i` [J], float32."""
        return (self.datas[i].qpos[self._joints] - self._offset[i]).astype(np.float32)

    def targets(self) -> np.ndarray:
        """The joint targets that servos obey [N, J], as the robot's encoders count them."""
        return self._last - self._offset

    def object_joints(self) -> np.ndarray:
        """Places of all joints that are not the robot's [N, J], metres or radians."""
        return np.stack([np.delete(d.qpos, self._own) for d in self.datas])

    def tips(self) -> np.ndarray:
        """True places of the tips [N, 3], metres."""
        return np.stack([d.site_xpos[self._tip] for d in self.datas])

    def objects(self) -> np.ndarray:
        """True places of the tasks' objects [N, K, 3], metres."""
        return np.stack([self._kind.objects(self.model, d) for d in self.datas])

    def seen(self, i: int) -> Seen:
        """What an expert acts on in trial `i`."""
        data = self.datas[i]
        places, turns = self._kind.objects(self.model, data), self._kind.turns(self.model, data)
        joints, hand = self.measured_of(i), self.robot.hand
        gap_m = hand.gap(float(joints[self.robot.gripper_index])) if hand else 0.0
        return Seen(data.site_xpos[self._tip].copy(), joints, places, turns, self.step_s, hand, gap_m)

    def step(self, actions: np.ndarray, active: np.ndarray | None = None) -> np.ndarray:
        """One control step with joint targets [N, J]; rows where `active` [N] is false stay as they are.

        Returns:
            The rewards [N] of the step: the weighted sum of the bench's terms, 0 for rows that stay.
        """
        targets = np.clip(actions, self.robot.limits_rad[:, 0], self.robot.limits_rad[:, 1]) + self._offset
        rewards = np.zeros(len(self))
        loose = np.flatnonzero(self._play.any(1)).tolist()
        for i, data in enumerate(self.datas):
            if active is not None and not active[i]:
                continue
            if self._late[i]:
                data.ctrl[self._actuators] = self._last[i]
                mujoco.mj_step(self.models[i], data, self._late[i])
                self.judges[i].update(data)
            if i in loose:  # the play operator: the joint follows once its servo has turned through the play
                targets[i] = np.clip(self._last[i], targets[i] - self._play[i], targets[i] + self._play[i])
            data.ctrl[self._actuators] = targets[i]
            mujoco.mj_step(self.models[i], data, self._prompt[i])
            mujoco.mj_kinematics(self.models[i], data)
            self.judges[i].update(data)
            self._changed[i], self._last[i] = targets[i] - self._last[i], targets[i]
            if self._terms:
                rewards[i] = self._reward(i)
        return rewards

    def moment(self, i: int) -> Moment:
        """What rewards of trial `i` are reckoned from."""
        data = self.datas[i]
        objects, tip = self._kind.objects(self.model, data), data.site_xpos[self._tip]
        return Moment(self.task, data, tip, objects, self.judges[i], self._changed[i], self.step_s)

    def diverged(self, i: int) -> bool:
        """Whether the physics of trial `i` blew up: MuJoCo then warns and begins anew by itself, from no state of the trial."""
        warned = self.datas[i].warning
        return any(warned[kind].number for kind in BLOWN_UP) or not np.isfinite(self.datas[i].qpos).all()

    def _reward(self, i: int) -> float:
        now = self.moment(i)
        return sum(weight * term(now) for term, weight in self._terms.items())
