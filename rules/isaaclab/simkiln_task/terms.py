"""Observations, rewards, success and starts of `press_button`, as tensors over environments; the reward's parts by name."""

import torch
from isaaclab.managers import SceneEntityCfg
from isaaclab.utils.math import quat_apply

from .facts import FACTS

BUTTON, AREA, ROBOT = FACTS["task"]["button"], FACTS["task"]["area"], FACTS["robot"]
TOP_M = BUTTON["base_height_m"] + BUTTON["cap_height_m"]


def joint_rad(env, asset_cfg: SceneEntityCfg) -> torch.Tensor:
    """Joint angles [N, J], radians."""
    return env.scene["robot"].data.joint_pos.torch[:, asset_cfg.joint_ids]


def target_rad(env) -> torch.Tensor:
    """The last targets of the joints [N, J], radians."""
    return env.action_manager.get_term("joints").processed_actions


def tip_m(env) -> torch.Tensor:
    """Where the tip is [N, 3], metres in the base frame."""
    robot = env.scene["robot"]
    body = robot.body_names.index(ROBOT["tip"]["body"])
    place, turn = robot.data.body_link_pos_w.torch[:, body], robot.data.body_link_quat_w.torch[:, body]
    offset = torch.tensor(ROBOT["tip"]["pos_m"], device=env.device).expand(len(place), 3)
    return place + quat_apply(turn, offset) - env.scene.env_origins


def objects_m(env) -> torch.Tensor:
    """Where the button stands [N, 3], metres in the base frame."""
    return env.scene["thing"].data.root_link_pos_w.torch - env.scene.env_origins


def pressed_m(env) -> torch.Tensor:
    """How far the cap is down [N], metres."""
    return -env.scene["thing"].data.joint_pos.torch[:, 0]


def success(env) -> torch.Tensor:
    """Whether the cap is down far enough [N]."""
    return pressed_m(env) >= BUTTON["press_m"]


def reach(env) -> torch.Tensor:
    """Less the distance of the tip from the middle of the cap's top, wherever that is [N], metres."""
    top = objects_m(env).clone()
    top[:, 2] += TOP_M - pressed_m(env)
    return -torch.linalg.norm(tip_m(env) - top, dim=-1)


def press(env) -> torch.Tensor:
    """How far the cap is down, over how far it has to be; at most 1 [N]."""
    return torch.clamp(pressed_m(env) / BUTTON["press_m"], 0.0, 1.0)


def reached(env) -> torch.Tensor:
    """`success` as a number [N]."""
    return success(env).float()


def seconds(env) -> torch.Tensor:
    """How long the step took [N]."""
    return torch.full((env.num_envs,), 1.0 / FACTS["control_hz"], device=env.device)


def shaking(env) -> torch.Tensor:
    """Squared speed of the joint targets, summed over joints, times the step's length [N]."""
    changed = env.action_manager.get_term("joints").changed
    return torch.clamp(changed.square().sum(-1) * FACTS["control_hz"], max=FACTS["shaken"])


PARTS = {"reach": reach, "press": press, "success": reached, "time": seconds, "smooth": shaking}


def part(env, name: str) -> torch.Tensor:
    """What a part pays for the step, before its weight [N]: one that shapes pays for the change of a potential, discounted."""
    value = PARTS[name](env)
    return FACTS["ppo"]["gamma"] * value - env.simkiln_before[name] if FACTS["reward"][name]["shapes"] else value


def remember(env) -> None:
    """Potentials as they stand before a step."""
    env.simkiln_before = {name: PARTS[name](env) for name, said in FACTS["reward"].items() if said["shapes"]}


def start(env, env_ids) -> None:
    """Trials begin near home, with the button anywhere in the task's area; `env.simkiln_starts` (joints [N, J], places [N, 3])
    fixes them, where it is set.
    """
    robot, thing = env.scene["robot"], env.scene["thing"]
    ids = torch.arange(env.num_envs, device=env.device) if isinstance(env_ids, slice) else env_ids.long()
    joints, places = _drawn(env, len(ids)) if (fixed := getattr(env, "simkiln_starts", None)) is None else [v[ids] for v in fixed]
    order = robot.find_joints(ROBOT["joints"], preserve_order=True)[0]
    robot.write_joint_position_to_sim_index(position=joints, joint_ids=order, env_ids=ids.int())
    robot.write_joint_velocity_to_sim_index(velocity=torch.zeros_like(joints), joint_ids=order, env_ids=ids.int())
    env.action_manager.get_term("joints").settle(ids, joints)
    pose = torch.zeros(len(ids), 7, device=env.device)
    pose[:, :3], pose[:, 6] = places + env.scene.env_origins[ids], 1.0  # x, y, z, w
    thing.write_root_link_pose_to_sim_index(root_pose=pose, env_ids=ids.int())
    rest = torch.zeros(len(ids), 1, device=env.device)
    thing.write_joint_position_to_sim_index(position=rest, env_ids=ids.int())
    thing.write_joint_velocity_to_sim_index(velocity=rest, env_ids=ids.int())


def _drawn(env, n: int) -> tuple[torch.Tensor, torch.Tensor]:
    home, limits = (torch.tensor(ROBOT[key], device=env.device) for key in ("home_rad", "limits_rad"))
    of_arm = torch.tensor(ROBOT["of_arm"], device=env.device)
    jitter = (2 * torch.rand(n, len(home), device=env.device) - 1) * FACTS["task"]["start_jitter_rad"] * of_arm
    joints = torch.clamp(home + jitter, limits[:, 0], limits[:, 1])
    half = torch.tensor((AREA["half_x_m"], AREA["half_y_m"], 0.0), device=env.device)
    middle = torch.tensor((AREA["center_x_m"], 0.0, 0.0), device=env.device)
    return joints, middle + (2 * torch.rand(n, 3, device=env.device) - 1) * half
