"""Trials of an actor in the environment, where Isaac Lab is installed: `PYTHON score.py ROOM`, with a package on PYTHONPATH.

ROOM holds `starts.npz` (`joints_rad` [N, J], `objects_m` [N, 3]) and `actor.npz` (arrays of a perceptron). What comes of it is
`played.npz`, a row for each control step: `action_rad`, `joint_rad` [T, N, J], `tip_m` [T, N, 3], `reward` [T, N] and `success`
[T, N]; a trial that has succeeded stays so. Needs nothing of simkiln but the package.
"""

import sys
from pathlib import Path

import gymnasium as gym
import numpy as np
import simkiln_task
import torch
from isaaclab.app import launch_simulation
from isaaclab_tasks.utils.parse_cfg import load_cfg_from_registry
from simkiln_task import terms
from simkiln_task.facts import FACTS


def actor(arrays: dict[str, np.ndarray]):
    """The mean action of a perceptron with ELU between its layers, over normalised observations."""
    held = {name: torch.as_tensor(value, dtype=torch.float32) for name, value in arrays.items()}
    layers = sorted({int(name.split("/")[1]) for name in held if name.startswith("weight/")})

    def act(seen: torch.Tensor) -> torch.Tensor:
        value = (seen.cpu() - held["mean"]) / held["spread"]
        for i in layers:
            value = value @ held[f"weight/{i}"].T + held[f"bias/{i}"]
            value = torch.nn.functional.elu(value) if i != layers[-1] else value
        return value.to(seen.device)

    return act


def main() -> None:
    """Play every start once to the horizon."""
    room = Path(sys.argv[1])
    with np.load(room / "starts.npz") as found:
        starts = [torch.as_tensor(found[key], dtype=torch.float32) for key in ("joints_rad", "objects_m")]
    with np.load(room / "actor.npz") as found:
        act = actor(dict(found))
    cfg = load_cfg_from_registry(simkiln_task.TASK, "env_cfg_entry_point")
    cfg.sim.physics = cfg.sim.physics.newton_mjwarp
    cfg.sim.device = sys.argv[2] if len(sys.argv) > 2 else "cpu"
    cfg.scene.num_envs = len(starts[0])
    cfg.terminations.success = None  # whoever has succeeded waits for the others
    cfg.terminations.time_out = None
    for name in ("servo", "friction_robot", "friction_thing"):  # tried as it is, not as it was drawn
        setattr(cfg.events, name, None)
    rows: dict[str, list[np.ndarray]] = {key: [] for key in ("action_rad", "joint_rad", "tip_m", "reward", "success")}
    with launch_simulation(cfg, {"headless": True}):
        env = gym.make(simkiln_task.TASK, cfg=cfg).unwrapped
        env.simkiln_starts = [value.to(env.device) for value in starts]
        with torch.inference_mode():
            seen, _ = env.reset()
            done = terms.success(env)
            for _ in range(round(FACTS["horizon_s"] * FACTS["control_hz"])):
                seen, reward, *_ = env.step(act(seen["policy"]))
                done = done | terms.success(env)
                joints = env.scene["robot"].find_joints(FACTS["robot"]["joints"], preserve_order=True)[0]
                rows["action_rad"].append(terms.target_rad(env).cpu().numpy().copy())
                rows["joint_rad"].append(env.scene["robot"].data.joint_pos.torch[:, joints].cpu().numpy().copy())
                rows["tip_m"].append(terms.tip_m(env).cpu().numpy().copy())
                rows["reward"].append(reward.cpu().numpy().copy())
                rows["success"].append(done.cpu().numpy().copy())
        np.savez_compressed(room / "played.npz", **{key: np.stack(value) for key, value in rows.items()})
        env.close()


if __name__ == "__main__":
    main()
