"""Inverse kinematics of any robot by mink: differential, from where its joints are, within their ranges.

The hand works as `home` shows it, turned with the direction in which the tip lies from the base. A place is worth much more
than a turn, so that an arm of few joints reaches a place with the nearest turn that it can.
"""

from functools import lru_cache

import mink
import numpy as np

from runtime.sim.parts.body import robot_model
from runtime.sim.parts.mj import mujoco
from runtime.sim.parts.places import follow
from runtime.sim.parts.robot import Robot

PLACE_COST, TURN_COST, HOME_COST = 1.0, 0.01, 2e-4  # of a metre, of a radian of the hand, of a radian of a joint
STEPS, CLOSE_M, FAR_M = 30, 2e-4, 4e-3  # most steps of the solver; good enough; out of reach
LARGEST_STEP_RAD, STILL_RAD = 0.3, 3e-3  # of a step of the solver; a last one


class Inverse:
    """The solver of one robot."""

    def __init__(self, robot: Robot) -> None:
        self._robot = robot
        self._model = robot_model(robot)
        self._at = np.array([self._model.joint(name).qposadr[0] for name in robot.model_names])
        dofs = np.array([self._model.joint(name).dofadr[0] for name in robot.model_names])
        arm = np.array(robot.of_arm, bool)
        still = np.setdiff1d(np.arange(self._model.nv), dofs[arm])
        self._start = self._at_joints(robot.home_rad)
        self._configuration = mink.Configuration(self._model, self._start)
        self._hand = mink.FrameTask(robot.tip.site, "site", PLACE_COST, TURN_COST, lm_damping=1e-4)
        self._posture = mink.PostureTask(self._model, HOME_COST)
        self._posture.set_target(self._start)
        self._limits = [mink.ConfigurationLimit(self._model)]
        self._still = [mink.DofFreezingTask(self._model, still.tolist())] if len(still) else []
        self._dofs = dofs[arm]
        self.home = self._configuration.get_transform_frame_to_world(robot.tip.site, "site")

    def _at_joints(self, joints_rad: np.ndarray) -> np.ndarray:
        data = mujoco.MjData(self._model)
        data.qpos[self._at] = joints_rad
        follow(self._model, data)
        return data.qpos.copy()

    def _turn(self, tip_m: np.ndarray, turn_rad: float | None) -> mink.SO3:
        """How the hand should be turned."""
        if turn_rad is None:
            home_m = self.home.translation()
            by = mink.SO3.from_z_radians(np.arctan2(tip_m[1], tip_m[0]) - np.arctan2(home_m[1], home_m[0]))
            return by @ self.home.rotation()
        hand = self._robot.hand
        assert hand is not None
        works, beside = np.array(hand.works), np.array(hand.toward)
        here = self._configuration.get_transform_frame_to_world(self._robot.tip.site, "site").rotation().as_matrix() @ beside
        across = np.array((np.cos(turn_rad), np.sin(turn_rad), 0.0))
        if hand.even and across @ here < 0:  # either finger may lie on either side
            across = -across
        down = np.array((0.0, 0.0, -1.0))
        wanted, own = (np.stack((a, b, np.cross(a, b)), axis=1) for a, b in ((down, across), (works, beside)))
        return mink.SO3.from_matrix(wanted @ own.T)

    def solve(
        self, tip_m: np.ndarray, joints_rad: np.ndarray, gripper: float, turn_rad: float | None = None
    ) -> np.ndarray | None:
        """Joint targets [J] that bring the tip to `tip_m` [3] from `joints_rad` [J]; None when it is out of reach. With
        `turn_rad` the hand points down, and what the gripper moves lies in that direction from the tip.
        """
        self._begin(joints_rad)
        return self._bring(self._turn(tip_m, turn_rad), tip_m, gripper)

    def solve_pose(self, pose: np.ndarray, joints_rad: np.ndarray, gripper: float) -> np.ndarray | None:
        """Joint targets [J] that bring the tip's frame to `pose` [4, 4] from `joints_rad` [J], the turn as nearly as the arm can;
        None out of reach.
        """
        self._begin(joints_rad)
        return self._bring(mink.SO3.from_matrix(pose[:3, :3]), pose[:3, 3], gripper)

    def _begin(self, joints_rad: np.ndarray) -> None:
        low, high = self._robot.limits_rad.T
        self._configuration.update(self._at_joints(np.clip(joints_rad, low, high)))

    def _bring(self, turn: mink.SO3, tip_m: np.ndarray, gripper: float) -> np.ndarray | None:
        low, high = self._robot.limits_rad.T
        self._hand.set_target(mink.SE3.from_rotation_and_translation(turn, np.asarray(tip_m, float)))
        for _ in range(STEPS):
            velocity = mink.solve_ik(
                self._configuration, [self._hand, self._posture], 1.0, "daqp", limits=self._limits, constraints=self._still
            )
            largest = np.abs(velocity[self._dofs]).max()
            self._configuration.integrate_inplace(velocity * min(1.0, LARGEST_STEP_RAD / max(largest, 1e-9)), 1.0)
            error = float(np.linalg.norm(self._hand.compute_error(self._configuration)[:3]))
            if error < CLOSE_M and largest < STILL_RAD:
                break
        if error > FAR_M:
            return None
        q = np.clip(self._configuration.q[self._at], low, high)
        q[self._robot.gripper_index] = gripper
        return q

    def turned(self) -> float:
        """By how much the hand of the last solution is turned otherwise than wished, radians."""
        return float(np.linalg.norm(self._hand.compute_error(self._configuration)[3:]))


@lru_cache(maxsize=4)
def inverse_of(robot: Robot) -> Inverse:
    """The solver of a robot, made once."""
    return Inverse(robot)
