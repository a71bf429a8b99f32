"""A capture artifact as arrays: photos at training size, poses, intrinsics, sparse points and their observations."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Photos:
    """F photos with OpenCV camera-to-world poses, N sparse points and K observations of them."""

    images: list[np.ndarray]  # F of [H, W, 3] float32 in 0..1
    c2w: np.ndarray  # [F, 4, 4] float64
    K: np.ndarray  # [F, 3, 3] float64, pixels of each of `images`
    held_out: np.ndarray  # [F] bool
    xyz: np.ndarray  # [N, 3] float32, scene units
    rgb: np.ndarray  # [N, 3] float32 in 0..1
    obs_frame: np.ndarray  # [K] int
    obs_uv: np.ndarray  # [K, 2] float32, pixels of `images`
    obs_depth: np.ndarray  # [K] float32, z-depth in scene units
    masks: dict[int, np.ndarray] = field(default_factory=dict)  # photo -> [H, W] bool, False where it shows nothing of the scene

    @property
    def viewmats(self) -> np.ndarray:
        """World-to-camera matrices [F, 4, 4]."""
        return np.linalg.inv(self.c2w)

    def size(self, index: int) -> tuple[int, int]:
        """Width and height in pixels of a photo."""
        return self.images[index].shape[1], self.images[index].shape[0]


def scaled_intrinsics(K: np.ndarray, scale_x: float, scale_y: float) -> np.ndarray:
    """Intrinsics after resizing an image; pixel centres lie at +0.5, so every entry scales plainly."""
    return np.diag([scale_x, scale_y, 1.0]) @ K


def load_photos(capture: Path, width_px: int) -> Photos:
    """Read a capture artifact; photos wider than `width_px` are reduced to it, others kept."""
    from PIL import Image

    content = json.loads((capture / "cameras.json").read_text())
    frames = content["frames"]
    images, Ks, scales, masks = [], [], [], {}
    for index, frame in enumerate(frames):
        camera = content["cameras"][frame["camera"]]
        full = (int(camera["width"]), int(camera["height"]))
        scale = min(1.0, width_px / full[0])
        size = (round(full[0] * scale), round(full[1] * scale))
        with Image.open(capture / frame["file"]) as picture:
            picture = picture.convert("RGB")
            image = np.asarray(picture if size == full else picture.resize(size, Image.Resampling.HAMMING))
            images.append(image.astype(np.float32) / 255)
        if "mask" in frame:
            with Image.open(capture / frame["mask"]) as picture:
                picture = picture.convert("L")
                masks[index] = np.asarray(picture if size == full else picture.resize(size, Image.Resampling.BOX)) == 255
        K = np.array([[camera["fl_x"], 0, camera["cx"]], [0, camera["fl_y"], camera["cy"]], [0, 0, 1]])
        scales.append((size[0] / full[0], size[1] / full[1]))
        Ks.append(scaled_intrinsics(K, *scales[-1]))
    points = np.load(capture / "points.npz")
    obs_frame = points["obs_frame"].astype(int)
    obs_uv = points["obs_uv"].astype(np.float32) * np.array(scales, np.float32).reshape(-1, 2)[obs_frame]
    keep = np.ones(len(obs_frame), bool)
    for index, mask in masks.items():
        mine = np.flatnonzero(obs_frame == index)
        x, y = obs_uv[mine].astype(int).T
        keep[mine] = mask[np.minimum(y, mask.shape[0] - 1), np.minimum(x, mask.shape[1] - 1)]
    return Photos(
        images=images,
        c2w=np.array([f["c2w"] for f in frames], np.float64),
        K=np.array(Ks),
        held_out=np.array([bool(f["held_out"]) for f in frames]),
        xyz=points["xyz"].astype(np.float32),
        rgb=points["rgb"].astype(np.float32) / 255,
        obs_frame=obs_frame[keep],
        obs_uv=obs_uv[keep],
        obs_depth=points["obs_depth"].astype(np.float32)[keep],
        masks=masks,
    )
