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
        self._offset = np.array(physics.of(robot).joint_offset_rad)
        substeps = max(1, round(self.step_s / physics.timestep_s))
        late = min(substeps - 1, round(physics.latency_s / physics.timestep_s))
        self._late, self._prompt = late, substeps - late
        self._kind, self._terms = kind_of(task), terms or {}
        self.starts = list(starts)
        self.datas = [mujoco.MjData(model) for _ in self.starts]
        self.judges = [self._kind.judge(task, model) for _ in self.starts]
        self._last = np.zeros((len(self.starts), robot.action_dim))
        self._play = np.resize(np.array(physics.backlash_rad or (0.0,)), robot.action_dim) * np.array(robot.of_arm) / 2
        for i in range(len(self.starts)):
            self._place(i)

    def reset(self, rows: Sequence[int], starts: Sequence[Start]) -> None:
        """Begin the trials `rows` anew, each from its start; the others stay as they are."""
        for i, start in zip(rows, starts, strict=True):
            self.starts[i] = start
            self.judges[i] = self._kind.judge(self.task, self.model)
            self._place(i)

    def _place(self, i: int) -> None:
        data, start = self.datas[i], self.starts[i]
        mujoco.mj_resetData(self.model, data)
        truth = start.joints_rad + self._offset
        data.qpos[self._joints] = truth
        follow(self.model, data)
        self._kind.place(self.model, data, start)
        data.ctrl[self._actuators] = truth
        data.act[self._lags] = truth  # the servos' lag starts settled
        self._last[i] = truth
        mujoco.mj_forward(self.model, data)
        self.judges[i].update(data)

    def __len__(self) -> int:
        return len(self.starts)

    def measured(self) -> np.ndarray:
        """Joint angles as the robot reports them [N, J], float32."""
        return np.stack([self.measured_of(i) for i in range(len(self))])

    def measured_of(self, i: int) -> np.ndarray:
        """Joint angles of trial `i` [J], float32."""
        return (self.datas[i].qpos[self._joints] - self._offset).astype(np.float32)

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
        for i, data in enumerate(self.datas):
            if active is not None and not active[i]:
                continue
            if self._late:
                data.ctrl[self._actuators] = self._last[i]
                mujoco.mj_step(self.model, data, self._late)
                self.judges[i].update(data)
            if self._play.any():  # the play operator: the joint follows once its servo has turned through the play
                targets[i] = np.clip(self._last[i], targets[i] - self._play, targets[i] + self._play)
            data.ctrl[self._actuators] = targets[i]
            mujoco.mj_step(self.model, data, self._prompt)
            mujoco.mj_kinematics(self.model, data)
            self.judges[i].update(data)
            self._last[i] = targets[i]
            if self._terms:
                rewards[i] = self._reward(i)
        return rewards

    def _reward(self, i: int) -> float:
        data = self.datas[i]
        now = Moment(self.task, data, data.site_xpos[self._tip], self._kind.objects(self.model, data), self.judges[i])
        return sum(weight * term(now) for term, weight in self._terms.items())
