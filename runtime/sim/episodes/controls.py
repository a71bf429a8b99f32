"""Pictures that hold a generative model to a recorded episode: edges, depth and segmentation of our own scene, frame by frame."""

from collections.abc import Mapping
from typing import Literal

import numpy as np

from runtime.sim.episodes.episodes import Episode, place
from runtime.sim.parts.mj import Model, mujoco
from runtime.sim.parts.robot import FOREGROUND_GROUP
from runtime.sim.pixels.backdrop import Backdrop
from runtime.sim.pixels.camera import Camera
from runtime.sim.pixels.eye import Behind, where_now
from runtime.sim.pixels.raycast import cast

Control = Literal["edge", "depth", "seg"]
EDGES = (60, 140)
"""Thresholds of Canny's edges, levels."""


def control_film(kind: Control, film: np.ndarray, episode: Episode, model: Model, camera: Camera, behind: Behind) -> np.ndarray:
    """The controls u8 [T, H, W, 3] of one film [T, H, W, 3]: edges of its pictures; nearness (inverse depth) over the whole
    film; or a colour for each body and black for the backdrop."""
    if kind == "edge":
        import cv2

        return np.stack([cv2.Canny(np.ascontiguousarray(f), *EDGES)[..., None].repeat(3, -1) for f in film])
    data, depths, bodies = mujoco.MjData(model), [], []
    for qpos in episode.qpos:
        place(model, data, qpos, episode.objects_m, episode.turns)
        now = where_now(camera, model, data)
        hits = cast(model, data, now.position, now.rays().reshape(-1, 3), (FOREGROUND_GROUP,), 1 / now.focal_px)
        still = behind if isinstance(behind, Backdrop) else behind(now)
        depth = np.where(hits.geom >= 0, hits.range, np.inf).reshape(still.depth_m.shape)
        front = depth < still.depth_m
        depths.append(np.minimum(depth, still.depth_m))
        bodies.append(np.where(front, model.geom_bodyid[hits.geom].reshape(depth.shape) + 1, 0))
    if kind == "seg":
        palette = np.random.default_rng(7).integers(64, 256, (model.nbody + 1, 3), np.uint8)
        palette[0] = 0
        return palette[np.stack(bodies)]
    near = 1 / np.maximum(np.stack(depths), 1e-3)
    return np.round(255 * near / near.max()).astype(np.uint8)[..., None].repeat(3, -1)


def control_films(
    kind: Control,
    films: Mapping[str, np.ndarray],
    episode: Episode,
    model: Model,
    cameras: list[Camera],
    behind: Mapping[str, Behind],
) -> dict[str, np.ndarray]:
    """Of every camera of an episode."""
    return {c.name: control_film(kind, films[c.name], episode, model, c, behind[c.name]) for c in cameras}
