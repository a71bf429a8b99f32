"""Photos over the twin: does a camera of the twin, with a photo's lens and pose, see what the photo shows?"""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image
from scipy.spatial import KDTree

from runtime.sim.pixels.camera import Camera
from runtime.sim.twin.shots import Shot
from runtime.sim.twin.twin import Twin, camera_picture
from runtime.splat.gaussians import Gaussians
from runtime.splat.renderer import Renderer

WIDTH_PX, MOST = 320, 3
PATCH_PX, CLEAR = 32, 0.15
"""Size of the patches that are registered, and the least height of their correlation's peak."""
SAME_DEPTH = 0.05


def camera_of(twin: Twin, shot: Shot, name: str) -> Camera:
    """The camera of the twin that takes a photo's place: its lens, size and pose, in the base frame."""
    lens = tuple(shot.K[[0, 1, 0, 1], [0, 1, 2, 2]].tolist())
    fov = float(np.degrees(2 * np.arctan(0.5 * shot.height / shot.K[1, 1])))
    return Camera(name, shot.width, shot.height, fov, twin.from_splat(shot.c2w), lens)


def overlay(path: Path, renderer: Renderer, gaussians: Gaussians, twin: Twin, shots: list[Shot], capture: Path) -> dict[str, Any]:
    """Write a row for each of the first photos: photo, twin, both over each other with observed points; return figures, pixels
    of a photo `WIDTH_PX` wide.

    `reprojection_px`: median distance from where the twin's camera sees captured points to where the photo shows them.
    `shift_px`: median displacement between patches of photo and twin (phase correlation; Kuglin and Hines 1975).
    """
    with np.load(capture / "points.npz") as stored:
        points = {name: stored[name] for name in ("xyz", "obs_frame", "obs_uv", "obs_depth")}
    xyz = points["xyz"] @ twin.splat_to_twin[:3, :3].T + twin.splat_to_twin[:3, 3]
    rows, apart, shifts = [], [], []
    for full in shots[:MOST]:
        shot = full.reduced(WIDTH_PX)
        camera = camera_of(twin, shot, "overlay")
        seen, _ = camera_picture(renderer, gaussians, twin, camera)
        photo = shot.picture()
        own = points["obs_frame"] == shot.index
        observed = points["obs_uv"][own] * (shot.width / full.width, shot.height / full.height)
        depth = points["obs_depth"][own] * twin.scale
        apart.append(_apart(camera, xyz, observed, depth))
        shifts.append(_shifts(photo, seen, observed))
        both = 0.5 * photo + 0.5 * seen
        for x, y in np.floor(observed).astype(int):
            both[max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2] = (0.1, 1.0, 0.3)
        rows.append(np.concatenate((photo, seen, both), 1))
    width = max(row.shape[1] for row in rows)
    sheet = np.concatenate([np.pad(row, ((0, 0), (0, width - row.shape[1]), (0, 0))) for row in rows])
    Image.fromarray((sheet * 255 + 0.5).clip(0, 255).astype(np.uint8)).save(path)
    figures = {"reprojection_px": np.concatenate(apart), "shift_px": np.concatenate(shifts)}
    return {name: round(float(np.median(found)), 2) if len(found) else None for name, found in figures.items()}


def _apart(camera: Camera, xyz: np.ndarray, observed: np.ndarray, depth_m: np.ndarray) -> np.ndarray:
    """Of each observation [K, 2] the distance in pixels to the nearest captured point [N, 3] of its depth, seen by the camera."""
    local = (xyz - camera.position) @ camera.c2w[:3, :3]
    ahead = local[:, 2] > 1e-6
    uv = local[ahead] @ camera.K.T
    uv, z = uv[:, :2] / uv[:, 2:], local[ahead, 2]
    if not len(uv) or not len(observed):
        return np.zeros(0)
    far, near = KDTree(uv).query(observed, k=min(4, len(uv)))
    far, near = far.reshape(len(observed), -1), near.reshape(len(observed), -1)
    return np.where(np.abs(z[near] / depth_m[:, None] - 1) < SAME_DEPTH, far, np.inf).min(1)


def _shifts(photo: np.ndarray, seen: np.ndarray, observed: np.ndarray) -> np.ndarray:
    """Displacements in pixels of patches round observed points [K, 2], where they can be told."""
    grey = [cv2.cvtColor(picture.astype(np.float32), cv2.COLOR_RGB2GRAY) for picture in (photo, seen)]
    window, half, found = cv2.createHanningWindow((PATCH_PX, PATCH_PX), cv2.CV_32F), PATCH_PX // 2, []
    for x, y in np.floor(observed).astype(int):
        if half <= x < photo.shape[1] - half and half <= y < photo.shape[0] - half:
            a, b = (picture[y - half : y + half, x - half : x + half] for picture in grey)
            (dx, dy), peak = cv2.phaseCorrelate(np.ascontiguousarray(a), np.ascontiguousarray(b), window)
            if peak > CLEAR:
                found.append(float(np.hypot(dx, dy)))
    return np.array(found)
