"""Rendering camera paths to clips: video, depth, poses and what was measured of them."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from runtime.coverage.checks import Checked, Limits, check_film
from runtime.coverage.frame import upright
from runtime.coverage.lens import Lens
from runtime.coverage.seen import View
from runtime.coverage.video import read_video, write_video

LEAST_UPRIGHT = 0.9
"""A clip of which fewer frames than this stand upright is turned."""
OPAQUE = 0.5
"""Alpha from which a pixel counts as covered by the splat."""


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
    folder: Path, name: str, view: View, seen: np.ndarray | None, c2w: np.ndarray, up: np.ndarray, fps: int
) -> tuple[dict[str, Any], Checked]:
    """Write `NAME.mp4` and `NAME.depth.npz`, decode the video again, and return the clip's entry for `clips.json` with its visual
    checks: upright by gravity and as it was rendered, as many frames at the rate that was asked for, as sharp, as bright.

    Args:
        folder: where to.
        name: of the clip.
        view: RGB, depth and alpha of all frames, as `render_clip` gives them.
        seen: whether photos saw what every n-th pixel shows [T, h, w]; None where there are no photos.
        c2w: the poses [T, 4, 4].
        up: world up [3].
        fps: frames per second.
    """
    rgb, depth, alpha = view
    video, depth_file = folder / f"{name}.mp4", folder / f"{name}.depth.npz"
    codec = write_video(video, rgb, fps)
    stored: dict[str, Any] = {} if seen is None else {"seen": seen}
    np.savez_compressed(depth_file, depth=depth, alpha=np.round(alpha * 255).astype(np.uint8), **stored)
    again, rate = read_video(video)
    straight = float(upright(c2w, up).mean())
    checked = check_film(again, rgb, Limits(), len(rgb), fps, rate)
    # frame for frame, and in colour: a mean picture may well look the same turned
    same = min(len(again), len(rgb)) if again.shape[1:] == rgb.shape[1:] else 0
    ways = (again, again[:, ::-1], again[:, :, ::-1], again[:, ::-1, ::-1])
    error, *turned = (float(np.abs(way[:same].astype(np.int16) - rgb[:same]).mean()) if same else 255.0 for way in ways)
    checked = replace(checked, orientation=checked.orientation and straight >= LEAST_UPRIGHT and error <= min(turned))
    entry = {
        "name": name,
        "file": f"{folder.name}/{video.name}",
        "depth": f"{folder.name}/{depth_file.name}",
        "codec": codec,
        "frames": len(again),
        "fps": rate,
        "duration_s": round(len(again) / rate, 6) if rate else 0.0,
        "width": again.shape[2],
        "height": again.shape[1],
        "upright_fraction": straight,
        "video_error": round(error, 3),
        "seen_fraction": None if seen is None else round(float(seen.mean()), 4),
        "mean_alpha": round(float(alpha.mean()), 4),
        "covered_fraction": round(float((alpha >= OPAQUE).mean()), 4),
    }
    return entry, checked


def tinted(rgb: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Frames [T, H, W, 3] uint8 with what no photo saw in red; `seen` [T, h, w] stands for every n-th pixel."""
    rows, columns = (np.arange(n) * m // n for n, m in zip(rgb.shape[1:3], seen.shape[1:], strict=True))
    wrong = ~seen[:, rows[:, None], columns]
    return np.where(wrong[..., None], rgb // 3 + np.array([150, 0, 20], np.uint8), rgb)


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
