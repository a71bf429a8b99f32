"""Joint targets through a first-order lag, as the twin's servos have it."""

import math
from collections.abc import Sequence

import torch
from isaaclab.envs.mdp.actions.actions_cfg import JointPositionActionCfg
from isaaclab.envs.mdp.actions.joint_actions import JointPositionAction
from isaaclab.utils import configclass

from . import terms
from .facts import FACTS


class LaggedJointPosition(JointPositionAction):
    """`JointPositionAction` whose targets go through `act += (target - act) * (1 - exp(-dt / tau))` once a physics step: MuJoCo's
    `filterexact`, which acts on the value from before the step.
    """

    def __init__(self, cfg: "LaggedJointPositionCfg", env: object) -> None:
        super().__init__(cfg, env)
        self._share = 1.0 - math.exp(-FACTS["timestep_s"] / cfg.time_constant_s)
        self.lagged, self.changed = self._offset.clone(), torch.zeros_like(self._offset)

    def process_actions(self, actions: torch.Tensor) -> None:
        """A step begins: what rewards compare it with is remembered."""
        terms.remember(self._env)
        before = self._processed_actions.clone()
        super().process_actions(actions)
        self.changed = self._processed_actions - before

    def apply_actions(self) -> None:
        """Give the servos where the lag stands, then move it on."""
        self._asset.set_joint_position_target_index(target=self.lagged, joint_ids=self._joint_ids)
        self.lagged += (self._processed_actions - self.lagged) * self._share

    def settle(self, env_ids: Sequence[int] | slice, joints_rad: torch.Tensor) -> None:
        """Trials begin with the lag at rest at their first pose [N, J]."""
        self.lagged[env_ids] = joints_rad
        self._processed_actions[env_ids] = joints_rad


@configclass
class LaggedJointPositionCfg(JointPositionActionCfg):
    """Settings of `LaggedJointPosition`."""

    class_type: type = LaggedJointPosition
    time_constant_s: float = 0.04
