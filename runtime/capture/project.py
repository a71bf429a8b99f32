"""Pinhole projection of world points into posed photos."""

from collections.abc import Sequence

import numpy as np

from runtime.capture.lens import Lens
from runtime.capture.posed import SparsePoints


def project(xyz: np.ndarray, c2w: np.ndarray, pinhole: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pixels [N, 2] (centres at +0.5) and z-depth [N] of points xyz [N, 3], each seen from its own pose c2w [N, 4, 4].

    `pinhole` is [4] or, for each, [N, 4]: fx, fy, cx, cy.
    """
    local = np.einsum("nij,ni->nj", c2w[:, :3, :3], xyz - c2w[:, :3, 3])  # R^T (x - t)
    depth = local[:, 2]
    safe = np.where(np.abs(depth) < 1e-12, 1e-12, depth)
    return local[:, :2] / safe[:, None] * pinhole[..., :2] + pinhole[..., 2:], depth


def observe(xyz: np.ndarray, rgb: np.ndarray, seen: np.ndarray, c2w: np.ndarray, lenses: Sequence[Lens]) -> SparsePoints:
    """Sparse points with their pixels and depths in undistorted photos, F of them with a pose and a pinhole each.

    Pixels are those of the point itself, not of the detected feature: reprojection error would be read as depth error.
    `seen` [K, 2] holds (photo, point); observations outside the picture or behind the camera are left out.
    """
    frame = seen[:, 0]
    pinhole = np.array([lens.pinhole for lens in lenses])[frame]
    uv, depth = project(xyz[seen[:, 1]], c2w[frame], pinhole)
    size = np.array([(lens.width, lens.height) for lens in lenses])[frame]
    return SparsePoints(
        xyz.astype(np.float32), rgb.astype(np.uint8), frame.astype(np.int32), uv.astype(np.float32), depth.astype(np.float32)
    ).kept_in_view(size)
