"""Pictures for people: photo, render and depth side by side."""

from pathlib import Path

import numpy as np

from runtime.splat.gaussians import Gaussians
from runtime.splat.held_out import render_view
from runtime.splat.photos import Photos
from runtime.splat.renderer import Renderer


def depth_picture(depth: np.ndarray) -> np.ndarray:
    """Grey picture [H, W, 3] in 0..1 of a depth image [H, W]: near is bright, no surface is dark blue."""
    surface = np.isfinite(depth)
    picture = np.full((*depth.shape, 3), (0.05, 0.05, 0.25))
    if surface.any():
        near, far = np.percentile(depth[surface], [2, 98])
        shade = np.clip((far - depth[surface]) / max(far - near, 1e-9), 0, 1)
        picture[surface] = 0.15 + 0.85 * shade[:, None]
    return picture


def save_row(path: Path, pictures: list[np.ndarray]) -> None:
    """Write pictures [H, W, 3] in 0..1 as one PNG, side by side."""
    from PIL import Image

    row = 255 * np.clip(np.concatenate(pictures, axis=1).astype(np.float32), 0, 1)
    Image.fromarray(np.round(row).astype(np.uint8)).save(path)


def write_held_out(folder: Path, renderer: Renderer, gaussians: Gaussians, photos: Photos, limit: int) -> None:
    """Write `held_out_NNNNNN.png` of up to `limit` held-out photos: photo, render, depth."""
    for index in np.flatnonzero(photos.held_out)[:limit]:
        rgb, depth = render_view(renderer, gaussians, photos, int(index))
        save_row(folder / f"held_out_{index:06d}.png", [photos.images[index], rgb, depth_picture(depth)])


def orbit_poses(center: np.ndarray, up: np.ndarray, distance: float, count: int) -> np.ndarray:
    """OpenCV camera-to-world [count, 4, 4] of cameras round `center` [3], 30 degrees above it, that look at it."""
    side = np.cross(up, np.eye(3)[np.argmin(np.abs(up))])
    side /= np.linalg.norm(side)
    poses = np.tile(np.eye(4), (count, 1, 1))
    for pose, angle in zip(poses, 2 * np.pi * np.arange(count) / count, strict=True):
        level = np.cos(angle) * side + np.sin(angle) * np.cross(up, side)
        back = np.cos(np.pi / 6) * level + np.sin(np.pi / 6) * up
        right = np.cross(up, level)
        pose[:3, 0], pose[:3, 1], pose[:3, 2] = right, np.cross(-back, right), -back
        pose[:3, 3] = center + distance * back
    return poses


def write_orbit(
    folder: Path, renderer: Renderer, gaussians: Gaussians, center: np.ndarray, up: np.ndarray, radius: float, width_px: int
) -> None:
    """Write `orbit_N.png` (render, depth) of four views round a splat that came without photos."""
    height_px = width_px * 3 // 4
    K = np.array([[width_px, 0, width_px / 2], [0, width_px, height_px / 2], [0, 0, 1]])
    for i, pose in enumerate(orbit_poses(center, up / np.linalg.norm(up), 1.5 * radius, 4)):
        rgb, depth, _ = renderer.render(gaussians, pose, K, width_px, height_px)
        save_row(folder / f"orbit_{i}.png", [rgb, depth_picture(depth)])
