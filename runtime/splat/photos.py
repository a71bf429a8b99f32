"""A capture artifact as arrays: photos at training size, poses, intrinsics, sparse points and their observations."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Photos:
    """F photos of one size with OpenCV camera-to-world poses, N sparse points and K observations of them."""

    images: np.ndarray  # [F, H, W, 3] float32 in 0..1
    c2w: np.ndarray  # [F, 4, 4] float64
    K: np.ndarray  # [3, 3] float64, pixels of `images`
    held_out: np.ndarray  # [F] bool
    xyz: np.ndarray  # [N, 3] float32, scene units
    rgb: np.ndarray  # [N, 3] float32 in 0..1
    obs_frame: np.ndarray  # [K] int
    obs_uv: np.ndarray  # [K, 2] float32, pixels of `images`
    obs_depth: np.ndarray  # [K] float32, z-depth in scene units

    @property
    def viewmats(self) -> np.ndarray:
        """World-to-camera matrices [F, 4, 4]."""
        return np.linalg.inv(self.c2w)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.images.shape[2], self.images.shape[1]


def scaled_intrinsics(K: np.ndarray, scale_x: float, scale_y: float) -> np.ndarray:
    """Intrinsics after resizing an image; pixel centres lie at +0.5, so every entry scales plainly."""
    return np.diag([scale_x, scale_y, 1.0]) @ K


def load_photos(capture: Path, width_px: int) -> Photos:
    """Read a capture artifact; photos wider than `width_px` are reduced to it, others kept."""
    from PIL import Image

    cameras = json.loads((capture / "cameras.json").read_text())
    full = (int(cameras["width"]), int(cameras["height"]))
    scale = min(1.0, width_px / full[0])
    size = (round(full[0] * scale), round(full[1] * scale))
    scale_x, scale_y = size[0] / full[0], size[1] / full[1]
    images = []
    for frame in cameras["frames"]:
        with Image.open(capture / frame["file"]) as picture:
            picture = picture.convert("RGB")
            images.append(np.asarray(picture if size == full else picture.resize(size, Image.Resampling.BOX)))
    points = np.load(capture / "points.npz")
    K = np.array([[cameras["fl_x"], 0, cameras["cx"]], [0, cameras["fl_y"], cameras["cy"]], [0, 0, 1]])
    return Photos(
        images=np.stack(images).astype(np.float32) / 255,
        c2w=np.array([f["c2w"] for f in cameras["frames"]], np.float64),
        K=scaled_intrinsics(K, scale_x, scale_y),
        held_out=np.array([bool(f["held_out"]) for f in cameras["frames"]]),
        xyz=points["xyz"].astype(np.float32),
        rgb=points["rgb"].astype(np.float32) / 255,
        obs_frame=points["obs_frame"].astype(int),
        obs_uv=points["obs_uv"].astype(np.float32) * np.array([scale_x, scale_y], np.float32),
        obs_depth=points["obs_depth"].astype(np.float32),
    )
