"""The bench: many trials of one scene stepped in lockstep, so that a policy is called with batches."""

from collections.abc import Sequence

import numpy as np

from runtime.bound.task import Task
from runtime.sim.parts.kinematics import solve
from runtime.sim.parts.mj import Model, mujoco
from runtime.sim.parts.physics import Physics
from runtime.sim.parts.robot import JOINTS, LIMITS_RAD, TIP_SITE
from runtime.sim.parts.start import Start
from runtime.sim.tasks import kind_of


class Bench:
    """N trials. Actions and measured joints [N, 6] in radians, as the robot's own encoders count them."""

    def __init__(self, model: Model, physics: Physics, task: Task, control_hz: float, starts: Sequence[Start]) -> None:
        self.model, self.task, self.step_s = model, task, 1.0 / control_hz
        self._joints = np.array([model.joint(name).qposadr[0] for name in JOINTS])  # in qpos
        self._actuators = np.array([model.actuator(name).id for name in JOINTS])
        self._tip = model.site(TIP_SITE).id
        self.starts = list(starts)
        self._offset = np.array(physics.joint_offset_rad)
        substeps = max(1, round(self.step_s / physics.timestep_s))
        late = min(substeps - 1, round(physics.latency_s / physics.timestep_s))
        self._late, self._prompt = late, substeps - late
        self.datas = [mujoco.MjData(model) for _ in self.starts]
        self.judges = [kind_of(task).judge(task, model) for _ in self.starts]
        self._last = np.zeros((len(self.starts), 6))
        for i in range(len(self.starts)):
            self._place(i)

    def _place(self, i: int) -> None:
        data, start = self.datas[i], self.starts[i]
        mujoco.mj_resetData(self.model, data)
        truth = start.joints_rad + self._offset
        data.qpos[self._joints] = truth
        data.mocap_pos[:] = start.objects_m
        data.ctrl[self._actuators] = truth
        data.act[:] = truth  # the servos' lag starts settled
        self._last[i] = truth
        mujoco.mj_forward(self.model, data)
        self.judges[i].update(data)

    def __len__(self) -> int:
        return len(self.starts)

    def measured(self) -> np.ndarray:
        """Joint angles as the robot reports them [N, 6], float32."""
        q = np.stack([d.qpos[self._joints] for d in self.datas])
        return (q - self._offset).astype(np.float32)

    def object_joints(self) -> np.ndarray:
        """Places of all joints that are not the robot's [N, J], metres or radians."""
        return np.stack([np.delete(d.qpos, self._joints) for d in self.datas])

    def tips(self) -> np.ndarray:
        """True places of the tips [N, 3], metres."""
        return np.stack([d.site_xpos[self._tip] for d in self.datas])

    def step(self, actions: np.ndarray, active: np.ndarray | None = None) -> None:
        """One control step with joint targets [N, 6]; rows where `active` [N] is false stay as they are."""
        targets = np.clip(actions, LIMITS_RAD[:, 0], LIMITS_RAD[:, 1]) + self._offset
        for i, data in enumerate(self.datas):
            if active is not None and not active[i]:
                continue
            if self._late:
                data.ctrl[self._actuators] = self._last[i]
                mujoco.mj_step(self.model, data, self._late)
                self.judges[i].update(data)
            data.ctrl[self._actuators] = targets[i]
            mujoco.mj_step(self.model, data, self._prompt)
            mujoco.mj_kinematics(self.model, data)
            self.judges[i].update(data)
            self._last[i] = targets[i]


def expert_action(task: Task, tip_m: np.ndarray, objects_m: np.ndarray, joints_rad: np.ndarray, step_s: float) -> np.ndarray:
    """The scripted expert: its task's wish for the tip as joint targets [6] (rad), from the true tip [3] and objects
    [K, 3]. The joints stay where they are when the wish is out of reach.
    """
    wish = kind_of(task).expert_tip(task, tip_m, objects_m, step_s)
    q = solve(wish, gripper_rad=0.0)
    return np.array(joints_rad, dtype=np.float64) if q is None else q
