"""Isaac Lab as trainer."""

from runtime.trainers.isaaclab import IsaacLab

__all__ = ["IsaacLab"]
