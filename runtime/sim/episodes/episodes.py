"""Recorded episodes: what happened, and all that is needed to draw it again under another light."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from runtime.sim.parts.mj import Data, Model, mujoco
from runtime.sim.parts.start import Start
from runtime.sim.pixels.eye import Eye
from runtime.sim.twin.twin import Twin

type Film = dict[str, np.ndarray]  # camera -> u8 [T, H, W, 3]
type Rows = Iterator[dict[str, Film | np.ndarray | str]]


@dataclass(frozen=True)
class Episode:
    """One demo of T steps: each row is what stood before its action."""

    qpos: np.ndarray  # [T, nq] true state of the scene
    objects_m: np.ndarray  # [M, 3] places of the objects that stand still, mocap bodies all; loose ones are in qpos
    state: np.ndarray  # [T, J] measured joints, rad, float32
    action: np.ndarray  # [T, J] joint targets of the expert, rad, float32
    start_index: int
    instruction: str = ""  # where it was said in other words than the task's own
    turns: np.ndarray | None = None  # [M, 4] quaternions of the objects that stand still, where any is turned

    def __len__(self) -> int:
        return len(self.state)


def recorded(rows: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]], data: Data, start: Start) -> Episode:
    """The episode that led from `start` to `data`: its rows of state of the scene, measured joints and action."""
    qpos, state, action = (np.stack(column) for column in zip(*rows, strict=True))
    turns = data.mocap_quat.copy() if np.any(data.mocap_quat[:, 1:]) else None
    said = start.settings.get("instruction", "")
    return Episode(qpos, data.mocap_pos.copy(), state, action, start.index, said, turns)


def save_episodes(path: Path, episodes: Sequence[Episode]) -> None:
    """Write episodes as one npz; rows of all episodes lie one after another."""
    qpos, state, action = (np.concatenate([getattr(e, name) for e in episodes]) for name in ("qpos", "state", "action"))
    objects_m, lengths = np.stack([e.objects_m for e in episodes]), np.array([len(e) for e in episodes])
    starts = np.array([e.start_index for e in episodes])
    columns = {"qpos": qpos, "objects_m": objects_m, "state": state, "action": action, "lengths": lengths, "start_index": starts}
    if any(e.turns is not None for e in episodes):
        upright = np.tile((1.0, 0.0, 0.0, 0.0), (objects_m.shape[1], 1))
        columns["turns"] = np.stack([upright if e.turns is None else e.turns for e in episodes])
    if any(e.instruction for e in episodes):
        columns["instruction"] = np.array([e.instruction for e in episodes])
    np.savez_compressed(path, **columns)  # ty: ignore[invalid-argument-type]


def load_episodes(path: Path) -> list[Episode]:
    """The inverse of `save_episodes`."""
    with np.load(path) as stored:
        rows = {k: stored[k] for k in ("qpos", "state", "action")}
        objects, starts, ends = stored["objects_m"], stored["start_index"], np.cumsum(stored["lengths"])
        begins = ends - stored["lengths"]
        turns = stored["turns"] if "turns" in stored else [None] * len(ends)
        said = stored["instruction"].tolist() if "instruction" in stored else [""] * len(ends)
    return [
        Episode(rows["qpos"][a:b], objects[i], rows["state"][a:b], rows["action"][a:b], int(starts[i]), said[i], turns[i])
        for i, (a, b) in enumerate(zip(begins, ends, strict=True))
    ]


def place(model: Model, data: Data, qpos: np.ndarray, objects_m: np.ndarray, turns: np.ndarray | None = None) -> None:
    """Put the scene into a recorded state; only geometry is brought up to date.

    Raises:
        ValueError: when the state is another scene's.
    """
    if (qpos.shape, objects_m.shape) != (data.qpos.shape, data.mocap_pos.shape):
        raise ValueError(
            f"a state of {len(qpos)} numbers and {len(objects_m)} still objects in a scene of {model.nq} and {model.nmocap}"
        )
    data.qpos[:] = qpos
    data.mocap_pos[:] = objects_m
    if turns is not None:
        data.mocap_quat[:] = turns
    mujoco.mj_kinematics(model, data)


def redraw(eye: Eye, episode: Episode, rng: np.random.Generator) -> np.ndarray:
    """The pictures u8 [T, H, W, 3] of a recorded episode, as `eye` sees it."""
    data = mujoco.MjData(eye.model)
    frames = []
    for qpos in episode.qpos:
        place(eye.model, data, qpos, episode.objects_m, episode.turns)
        frames.append(eye.see(data, rng))
    return np.stack(frames)


def as_dataset(
    twin: Twin, drawn: Iterable[tuple[Episode, Film]]
) -> tuple[int, list[str], dict[str, tuple[int, int]], Rows, str, tuple[str, ...]]:
    """Episodes with their pictures, and what is known of them, as `runtime.learn.dataset.write_dataset` takes them."""
    rows = (
        {"images": film, "state": episode.state, "action": episode.action, "instruction": episode.instruction}
        for episode, film in drawn
    )
    sizes = {c.name: (c.height, c.width) for c in twin.cameras}
    return round(twin.control_hz), list(sizes), sizes, rows, twin.task.instruction, twin.robot.names
