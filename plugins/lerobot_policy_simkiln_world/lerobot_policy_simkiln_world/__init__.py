"""Policies with a gated memory of a predicted world, which LeRobot imports by its name: `--policy.type=smolvla_world` (SmolVLA),
`--policy.type=simkiln_small_world` (small enough for a CPU)."""

from lerobot_policy_simkiln_world.configuration_smolvla_world import SmolVLAWorldConfig
from runtime.learn.modality.plugin import (
    SimkilnSmallWorldConfig,
    SimkilnSmallWorldPolicy,
    make_simkiln_small_world_pre_post_processors,
)

__all__ = [
    "SimkilnSmallWorldConfig",
    "SimkilnSmallWorldPolicy",
    "SmolVLAWorldConfig",
    "make_simkiln_small_world_pre_post_processors",
]
