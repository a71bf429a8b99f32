"""simkiln's twins as an environment of LeRobot, which imports this by its name: `lerobot-eval --env.type=simkiln`."""

from lerobot_env_simkiln.config import SimkilnEnv
from lerobot_env_simkiln.env import TwinEnv

__all__ = ["SimkilnEnv", "TwinEnv"]
