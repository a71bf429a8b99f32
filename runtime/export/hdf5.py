"""Demos as HDF5, as robomimic, MimicGen and Isaac Lab Mimic keep them, written and read.

The layout is robomimic's (`data/demo_N` with `actions`, `states`, `obs`); `datagen_info` is where MimicGen looks for it
(`mimicgen/utils/file_utils.py::parse_source_dataset`, commit 08d0fb2), and again below `obs`, as Isaac Lab 3.0.0 has it
(`isaaclab_mimic/datagen/datagen_info_pool.py::_add_episode`): links, so that nothing lies there twice.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from scipy.spatial.transform import Rotation

from runtime.learn.dataset import read_arrays, write_dataset
from runtime.problem import InputError, Problem
from runtime.sim.episodes.episodes import load_episodes
from runtime.sim.episodes.mimic import annotated
from runtime.sim.tasks import kind_of
from runtime.sim.twin.twin import read_model, read_twin

HAND = "tip"
"""What the end effector is called."""
MOST_FRAMES, MOST_NUMBERS = 5_000_000, 2**31


def write_hdf5(file: Path, demos: Path, twin: Path) -> int:
    """Write the artifact `demos` of an artifact `twin` as `file`, which must not be there; the number of demos.

    Actions and `joint_pos` are joint angles in radians, `states` the scene's positions (MuJoCo's qpos), poses [T, 4, 4] stand in
    the robot's base frame, metres. `OBJECT_moved` ends the segment about an object.
    """
    facts, model = read_twin(twin), read_model(twin)
    kind, arrays = kind_of(facts.task), read_arrays(demos / "dataset")
    segments, names = kind.segments(facts.task), kind.OBJECTS
    episodes = load_episodes(demos / "episodes.npz")
    with h5py.File(file, "x") as out:
        out.attrs["format_version"] = 1  # of Isaac Lab: quaternions are x, y, z, w (isaaclab/utils/datasets, 3.0.0)
        data = out.create_group("data")
        data.attrs["total"] = sum(map(len, episodes))
        told = {"control_freq": facts.control_hz, "joints": list(facts.robot.names), "task": facts.task.model_dump(mode="json")}
        data.attrs["env_args"] = json.dumps({"env_name": facts.task.kind, "type": 2, "env_kwargs": told})
        for i, episode in enumerate(episodes):
            found, group = annotated(episode, model, facts), data.create_group(f"demo_{i}")
            group.attrs.update(num_samples=len(episode), success=True)
            group.attrs["ep_meta"] = json.dumps({"lang": episode.instruction or facts.task.instruction})
            group["actions"], group["states"], group["obs/joint_pos"] = episode.action, episode.qpos, episode.state
            rows = arrays.episode_index == i
            for camera, images in arrays.images.items():
                group.create_dataset(f"obs/{camera}_image", data=images[rows], compression="gzip", compression_opts=2)
            group["datagen_info/eef_pose"], group["datagen_info/target_pose"] = found.hand, found.target
            group["datagen_info/gripper_action"] = episode.action[:, facts.robot.gripper_index, None]
            for k, name in enumerate(names):
                group[f"datagen_info/object_poses/{name}"] = _poses(found.objects_m[:, k], found.turns_rad[:, k])
            for segment, end in zip(segments[:-1], found.cuts[1:], strict=False):
                moved = np.arange(len(episode)) >= end - 1
                group[f"datagen_info/subtask_term_signals/{names[segment.about]}_moved"] = moved.astype(np.int64)
            _linked(group)
            _begun(group, episode.state[0], names, found)
    return len(episodes)


def _begun(group: Any, joints_rad: np.ndarray, names: Sequence[str], found: Any) -> None:
    """Where Isaac Lab's `reset_to` puts the scene: [1, ...] each, at rest, poses as place and quaternion x, y, z, w."""
    places, turns = [np.zeros(3), *found.objects_m[0]], [0.0, *found.turns_rad[0]]
    for name, place, turn in zip(("articulation/robot", *(f"rigid_object/{n}" for n in names)), places, turns, strict=True):
        at = group.create_group(f"initial_state/{name}")
        at["root_pose"] = np.concatenate([place, Rotation.from_euler("z", turn).as_quat()])[None]
        at["root_velocity"] = np.zeros((1, 6))
    robot = group["initial_state/articulation/robot"]
    robot["joint_position"], robot["joint_velocity"] = joints_rad[None], np.zeros((1, len(joints_rad)))


def _poses(places_m: np.ndarray, turns_rad: np.ndarray) -> np.ndarray:
    poses = np.tile(np.eye(4), (len(places_m), 1, 1))
    poses[:, :3, :3], poses[:, :3, 3] = Rotation.from_euler("z", turns_rad[:, None]).as_matrix(), places_m
    return poses


def _linked(group: Any) -> None:
    """The same annotations where Isaac Lab looks for them."""
    to = f"{group.name}/datagen_info"
    links = {f"eef_pose/{HAND}": "eef_pose", f"target_eef_pose/{HAND}": "target_pose", "object_pose": "object_poses"}
    for name, source in links.items():
        group[f"obs/datagen_info/{name}"] = h5py.SoftLink(f"{to}/{source}")
    signals = group.require_group("datagen_info/subtask_term_signals")
    group["obs/datagen_info/subtask_term_signals"] = h5py.SoftLink(signals.name)


def read_hdf5(
    file: Path,
    into: Path,
    fps: int,
    state: Sequence[str],
    cameras: Mapping[str, str],
    instruction: str = "",
    maniskill: bool = False,
) -> int:
    """Write the demos of a robomimic file as a LeRobotDataset at `into`; the number of demos.

    Args:
        state: observations [T] or [T, D] that make up the state, side by side.
        cameras: camera of the dataset -> observation u8 [T, H, W, 3].
        instruction: of all demos; without it, `lang` in each demo's `ep_meta`.
        maniskill: the file is ManiSkill's: `traj_0`, ... at its top, each with one observation more than actions
            (`mani_skill/utils/wrappers/record.py`, 3.0.0b15); the last one is left out, and so is what did not succeed.

    Raises:
        InputError: R361 when the file is none of this kind, lacks something or leads out of itself.
    """
    try:
        found = h5py.File(file, "r")
    except OSError as error:
        raise _bad(file, "cannot be read as HDF5", str(error).splitlines()[0][:200]) from error
    with found:
        group = found if maniskill else _inside(found, "data", file)
        names = sorted((n for n in group if n[:5] in ("demo_", "traj_") and n[5:].isdigit()), key=lambda n: int(n[5:]))
        names = [n for n in names if not maniskill or _won(group, n, file)]
        if not names:
            raise _bad(file, "holds no demo", "no `traj_0` succeeded" if maniskill else "`data` has no `demo_0`")
        shapes = {name: _table(_inside(group, f"{names[0]}/obs/{key}", file), file, None).shape for name, key in cameras.items()}
        sizes = {name: (shape[1], shape[2]) if len(shape) == 4 else (0, 0) for name, shape in shapes.items()}
        said = _episodes(file, group, names, state, cameras, instruction)
        return write_dataset(into, fps, list(cameras), sizes, said, instruction or _lang(group[names[0]], file))["episodes"]


def _episodes(
    file: Path, group: Any, names: Sequence[str], state: Sequence[str], cameras: Mapping[str, str], instruction: str
) -> Iterator[dict[str, Any]]:
    for name in names:
        demo = _inside(group, name, file)
        actions = _array(_inside(demo, "actions", file), file, None)
        rows, seen = len(actions), len(actions) + name.startswith("traj_")
        parts = [_array(_inside(demo, f"obs/{key}", file), file, seen)[:rows].reshape(rows, -1) for key in state]
        images = {camera: _array(_inside(demo, f"obs/{key}", file), file, seen)[:rows] for camera, key in cameras.items()}
        for camera, film in images.items():
            if film.dtype != np.uint8 or film.ndim != 4 or film.shape[-1] != 3:
                raise _bad(
                    file, f"`{cameras[camera]}` of `{name}` holds no pictures", f"{film.dtype} {film.shape}, not u8 [T, H, W, 3]"
                )
        moves = {"state": np.concatenate(parts, 1), "action": actions.reshape(rows, -1)}
        if bad := [key for key, values in moves.items() if not np.isfinite(values).all()]:
            raise _bad(file, f"the {bad[0]} of `{name}` holds what is no number", "leave the demo out")
        yield {"images": images, "instruction": instruction or _lang(demo, file), **moves}


def _won(group: Any, name: str, file: Path) -> bool:
    """Whether a trajectory of ManiSkill ended in success."""
    return bool(_array(_inside(group, f"{name}/success", file), file, None)[-1])


def _lang(demo: Any, file: Path) -> str:
    try:
        said = json.loads(demo.attrs.get("ep_meta", "{}"))
    except (TypeError, ValueError):
        said = {}
    lang = said.get("lang") if isinstance(said, dict) else None
    if not isinstance(lang, str) or not lang.strip():
        raise _bad(file, f"`{demo.name}` does not say what the robot was told", "say it with --instruction")
    return lang


def _inside(group: Any, name: str, file: Path) -> Any:
    """What lies at `name`, never in another file.

    Raises:
        InputError: R361.
    """
    at = group
    for part in name.split("/"):
        link = at.get(part, getlink=True) if isinstance(at, h5py.Group) else None
        if link is None:
            have = ", ".join(f"`{key}`" for key in list(at)[:12]) if isinstance(at, h5py.Group) else "no group"
            raise _bad(file, f"there is no `{name}` in `{group.name}`", f"`{at.name}` has {have}")
        if not isinstance(link, h5py.HardLink):
            raise _bad(file, f"`{name}` is a link", "copy what it leads to into the file")
        at = at[part]
    return at


def _array(found: Any, file: Path, rows: int | None) -> np.ndarray:
    """A dataset as an array of numbers, of `rows` rows where those are known."""
    try:
        return _table(found, file, rows)[()]
    except OSError as error:
        raise _bad(file, f"`{found.name}` cannot be read", "the file is damaged: copy it again") from error


def _table(found: Any, file: Path, rows: int | None) -> Any:
    if not isinstance(found, h5py.Dataset) or found.is_virtual or found.external:
        raise _bad(file, f"`{found.name}` is no table of its own", "copy the numbers into the file")
    if not found.ndim or found.dtype.kind not in "biuf" or not 0 < found.shape[0] <= MOST_FRAMES or found.size > MOST_NUMBERS:
        raise _bad(file, f"`{found.name}` is {found.dtype} {found.shape}", "numbers, a row a step, are read")
    if rows is not None and found.shape[0] != rows:
        raise _bad(file, f"`{found.name}` has {found.shape[0]} rows, the actions {rows}", "record one of each a step")
    return found


def _bad(file: Path, what: str, help: str) -> InputError:
    return InputError(Problem("R361", f"`{file.name}`: {what}", help, "FILE"))
