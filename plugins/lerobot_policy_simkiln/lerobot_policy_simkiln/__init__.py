"""Registers simkiln's small policy with LeRobot, which imports this by its name: `--policy.type=simkiln_small`."""

from runtime.learn.small.plugin import SimkilnSmallConfig, SimkilnSmallPolicy, make_simkiln_small_pre_post_processors

__all__ = ["SimkilnSmallConfig", "SimkilnSmallPolicy", "make_simkiln_small_pre_post_processors"]
