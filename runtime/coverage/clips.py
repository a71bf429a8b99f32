"""Rendering camera paths to clips: video, depth, poses and what was measured of them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from runtime.coverage.frame import upright
from runtime.coverage.video import measure_video, write_video

type View = tuple[np.ndarray, np.ndarray, np.ndarray]  # rgb, depth, alpha

OPAQUE = 0.5
"""Alpha from which a pixel counts as covered by the splat."""


@dataclass(frozen=True)
class Lens:
    """The pinhole of all clips. Pixels, centres at +0.5."""

    width: int
    height: int
    K: np.ndarray  # [3, 3]

    @classmethod
    def from_fov(cls, width: int, height: int, fov_y_deg: float) -> "Lens":
        """Square pixels, the principal point in the middle."""
        f = 0.5 * height / np.tan(np.radians(fov_y_deg) / 2)
        return cls(width, height, np.array([[f, 0, width / 2], [0, f, height / 2], [0, 0, 1]]))


def render_clip(
    view: Callable[[np.ndarray], View], c2w: np.ndarray, lens: Lens, done: Callable[[int], None] = lambda frame: None
) -> View:
    """What `view` shows from each pose (floats, as a renderer gives them) as a clip.

    Returns:
        RGB [T, H, W, 3] uint8, depth [T, H, W] float32 (z in scene units, inf where empty), alpha [T, H, W] float32.
    """
    count = len(c2w)
    rgb = np.empty((count, lens.height, lens.width, 3), np.uint8)
    depth = np.empty((count, lens.height, lens.width), np.float32)
    alpha = np.empty_like(depth)
    for t, pose in enumerate(c2w):
        color, depth[t], alpha[t] = view(pose)
        rgb[t] = np.round(color * 255)
        done(t)
    return rgb, depth, alpha


def write_clip(
    folder: Path, name: str, rgb: np.ndarray, depth: np.ndarray, alpha: np.ndarray, c2w: np.ndarray, up: np.ndarray, fps: int
) -> dict[str, Any]:
    """Write `NAME.mp4` and `NAME.depth.npz`, decode the video again, and return the clip's entry for `clips.json`.

    Raises:
        RuntimeError: the video that was written does not hold what was rendered.
    """
    video, depth_file = folder / f"{name}.mp4", folder / f"{name}.depth.npz"
    codec = write_video(video, rgb, fps)
    np.savez_compressed(depth_file, depth=depth, alpha=np.round(alpha * 255).astype(np.uint8))
    measured = measure_video(video, rgb)
    if (measured.frames, measured.height, measured.width) != rgb.shape[:3]:
        raise RuntimeError(
            f"clip {name} decodes to {measured.frames} frames of {measured.width}x{measured.height}, "
            f"{len(rgb)} of {rgb.shape[2]}x{rgb.shape[1]} were rendered"
        )
    return {
        "name": name,
        "file": f"{folder.name}/{video.name}",
        "depth": f"{folder.name}/{depth_file.name}",
        "codec": codec,
        "frames": measured.frames,
        "fps": measured.fps,
        "duration_s": round(measured.duration_s, 6),
        "width": measured.width,
        "height": measured.height,
        "upright_fraction": float(upright(c2w, up).mean()) * float(measured.error <= measured.flipped_error),
        "video_error": round(measured.error, 3),
        "mean_alpha": round(float(alpha.mean()), 4),
        "covered_fraction": round(float((alpha >= OPAQUE).mean()), 4),
    }


def contact_sheet(clips: list[np.ndarray], columns: int = 6, tile_width: int = 160) -> np.ndarray:
    """One row of evenly spread frames for each clip [T, H, W, 3] uint8 -> [H', W', 3] uint8."""
    import cv2

    rows = []
    for rgb in clips:
        height = round(tile_width * rgb.shape[1] / rgb.shape[2])
        picks = np.linspace(0, len(rgb) - 1, columns).round().astype(int)
        tiles = [cv2.resize(rgb[i], (tile_width, height), interpolation=cv2.INTER_AREA) for i in picks]
        rows.append(np.hstack(tiles))
    return np.vstack(rows)
