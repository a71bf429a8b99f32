"""The value that every kind of photo source is brought to: photos with lenses, poses and sparse points."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from runtime.capture.beside import Beside
from runtime.capture.lens import Lens


@dataclass(frozen=True)
class SparsePoints:
    """Sparse points and where photos see them. Pixel centres are at +0.5; depth is z-depth in scene units."""

    xyz: np.ndarray  # [N, 3] float32
    rgb: np.ndarray  # [N, 3] uint8
    obs_frame: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int32))  # [K] int32, index of the photo
    obs_uv: np.ndarray = field(default_factory=lambda: np.zeros((0, 2), np.float32))  # [K, 2] float32, pixels
    obs_depth: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))  # [K] float32

    def kept_in_view(self, size: np.ndarray) -> "SparsePoints":
        """The same points with only the observations inside their picture of `size` ([2] or, for each, [K, 2]; width and
        height) and in front of the camera."""
        keep = ((self.obs_uv >= 0) & (self.obs_uv < size)).all(axis=1) & (self.obs_depth > 0)
        return SparsePoints(self.xyz, self.rgb, self.obs_frame[keep], self.obs_uv[keep], self.obs_depth[keep])

    def write(self, path: Path) -> None:
        """Write `points.npz`."""
        np.savez(path, **vars(self))


@dataclass(frozen=True)
class Shot:
    """The pixels of a photo, [H, W, 3] uint8 RGB, and which of them count ([H, W] bool; None: all)."""

    rgb: np.ndarray
    mask: np.ndarray | None = None


@dataclass(frozen=True)
class PosedPhotos:
    """F photos as they lie on disk, with the lens and pose of each; sparse points are of undistorted world space."""

    paths: list[Path]
    names: list[str]  # as the pose file or the photo folder says them
    lenses: list[Lens]  # [F], those of photos as they are read
    upright: list[bool]  # [F] apply the Exif orientation on reading
    c2w: np.ndarray  # [F, 4, 4] OpenCV camera-to-world
    xyz: np.ndarray = field(default_factory=lambda: np.zeros((0, 3)))  # [N, 3] sparse points
    rgb: np.ndarray = field(default_factory=lambda: np.zeros((0, 3), np.uint8))  # [N, 3]
    seen: np.ndarray = field(default_factory=lambda: np.zeros((0, 2), np.int64))  # [K, 2] photo, point
    up: np.ndarray | None = None  # [3] when the pose file states it
    offered: int = 0  # photos that there were before poses were sought
    held_out: list[bool] | None = None  # [F] when the pose file says which photos are to be kept from training
    metric: bool = False  # the poses come in metres
    beside: Beside = field(default_factory=Beside)

    def some(self, which: list[int]) -> "PosedPhotos":
        """A few of the photos, without points."""
        return PosedPhotos(
            [self.paths[i] for i in which],
            [self.names[i] for i in which],
            [self.lenses[i] for i in which],
            [self.upright[i] for i in which],
            self.c2w[which],
            beside=self.beside,
        )
