"""Where the objects of recorded episodes are in the pictures: known in a twin, and what a policy's eyes can be taught by."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from runtime.sim.episodes.episodes import Episode, place
from runtime.sim.parts.mj import Model, mujoco
from runtime.sim.pixels.camera import Camera
from runtime.sim.pixels.eye import where_now
from runtime.sim.tasks import kind_of
from runtime.sim.twin.twin import Twin

LEAST_HEIGHT_M = 0.02
"""Of an object that stands on the support its side is looked for, not the support below it."""

Places = Mapping[str, np.ndarray]
"""Camera -> where each object is in each picture [T, K, 2]: across and down, -1..1 from edge to edge."""


def places_of(episode: Episode, model: Model, twin: Twin, cameras: Iterable[Camera]) -> Places:
    """The true places of the task's objects, projected into cameras; what is out of the picture lies on its edge."""
    data, kind, rows = mujoco.MjData(model), kind_of(twin.task), []
    cameras = list(cameras)
    poses: dict[str, list[np.ndarray]] = {camera.name: [] for camera in cameras}
    for qpos in episode.qpos:
        place(model, data, qpos, episode.objects_m)
        rows.append(kind.objects(model, data))
        for camera in (one for one in cameras if one.on):
            poses[camera.name].append(where_now(camera, model, data).c2w)
    points = np.stack(rows)
    return {c.name: projected(points, c, np.stack(poses[c.name]) if c.on else c.c2w[None]) for c in cameras}


def projected(points: np.ndarray, camera: Camera, c2w: np.ndarray) -> np.ndarray:
    """Where points of the scene [T, K, 3] are in a camera's pictures, float32 [T, K, 2]; its pose [T, 4, 4], or [1, 4, 4] of one
    that stands still."""
    points = points.astype(np.float64)
    points[..., 2] = np.maximum(points[..., 2], LEAST_HEIGHT_M)
    turn = c2w[:, :3, :3] if len(c2w) > 1 else c2w[0, :3, :3]
    seen = (points - c2w[:, None, :3, 3]) @ turn @ camera.K.T
    pixels = seen[..., :2] / np.maximum(seen[..., 2:], 1e-6)
    return np.clip(pixels / (camera.width, camera.height) * 2 - 1, -1, 1).astype(np.float32)


def save_places(path: Path, episodes: Iterable[Places]) -> None:
    """Write the places of episodes, one after another as in their dataset, as one npz by camera."""
    by_camera: dict[str, list[np.ndarray]] = {}
    for places in episodes:
        for camera, found in places.items():
            by_camera.setdefault(camera, []).append(found)
    joined = {camera: np.concatenate(found) for camera, found in by_camera.items()}
    np.savez_compressed(path, **joined)  # ty: ignore[invalid-argument-type]
