"""SmolVLA with a gated memory of a predicted world; LeRobot imports this by its name: `--policy.type=smolvla_world`."""

from lerobot_policy_simkiln_world.configuration_smolvla_world import SmolVLAWorldConfig

__all__ = ["SmolVLAWorldConfig"]
