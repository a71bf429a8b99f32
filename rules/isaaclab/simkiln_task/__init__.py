"""One of simkiln's twins as a manager-based task of Isaac Lab 3.0: `task.json` beside this package says all that is its own.

Isaac Lab imports this by the entry point `isaaclab.tasks` of the `.dist-info` beside it; nothing of simkiln is needed.
"""

import gymnasium as gym

TASK = "Simkiln-Twin-v0"

if TASK not in gym.registry:
    gym.register(
        id=TASK,
        entry_point="isaaclab.envs:ManagerBasedRLEnv",
        disable_env_checker=True,
        kwargs={
            "env_cfg_entry_point": f"{__name__}.environment:TwinEnvCfg",
            "rsl_rl_cfg_entry_point": f"{__name__}.agent:RunnerCfg",
            "default_agent": "rsl_rl",
        },
    )
