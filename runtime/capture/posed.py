"""The value that every kind of photo source is brought to: photos with lenses, poses and sparse points."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class SparsePoints:
    """Sparse points and where photos see them. Pixel centres are at +0.5; depth is z-depth in scene units."""

    xyz: np.ndarray  # [N, 3] float32
    rgb: np.ndarray  # [N, 3] uint8
    obs_frame: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int32))  # [K] int32, index of the photo
    obs_uv: np.ndarray = field(default_factory=lambda: np.zeros((0, 2), np.float32))  # [K, 2] float32, pixels
    obs_depth: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))  # [K] float32

    def kept_in_view(self, width: int, height: int) -> "SparsePoints":
        """The same points with only the observations inside the picture and in front of the camera."""
        u, v = self.obs_uv[:, 0], self.obs_uv[:, 1]
        keep = (u >= 0) & (v >= 0) & (u < width) & (v < height) & (self.obs_depth > 0)
        return SparsePoints(self.xyz, self.rgb, self.obs_frame[keep], self.obs_uv[keep], self.obs_depth[keep])

    def write(self, path: Path) -> None:
        """Write `points.npz`."""
        np.savez(path, **vars(self))


@dataclass(frozen=True)
class PosedPhotos:
    """Photos as they lie on disk, with the lens and pose of each; sparse points are of undistorted world space."""

    paths: list[Path]
    upright: bool  # apply the Exif orientation on reading
    width: int  # pixels of the lens description
    height: int
    pinhole: np.ndarray  # [F, 4] fx, fy, cx, cy in pixels, pixel centres at +0.5
    distortion: np.ndarray  # [F, 8] cv2 order k1 k2 p1 p2 k3 k4 k5 k6
    c2w: np.ndarray  # [F, 4, 4] OpenCV camera-to-world
    xyz: np.ndarray = field(default_factory=lambda: np.zeros((0, 3)))  # [N, 3] sparse points
    rgb: np.ndarray = field(default_factory=lambda: np.zeros((0, 3), np.uint8))  # [N, 3]
    seen: np.ndarray = field(default_factory=lambda: np.zeros((0, 2), np.int64))  # [K, 2] photo, point
    up: np.ndarray | None = None  # [3] when the pose file states it
    offered: int = 0  # photos that there were before poses were sought
