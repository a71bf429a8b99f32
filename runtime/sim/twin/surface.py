"""Surfaces of a splat as a triangle mesh: rendered depth of many views fused in a truncated signed distance field.

Curless and Levoy, "A volumetric method for building complex models from range images" (SIGGRAPH 1996): each voxel keeps the
mean of its signed distances to the surfaces that views see, along their axes and cut off at a few voxels; the surface is
where that mean is zero.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import trimesh
from skimage.measure import marching_cubes

TRUNCATION = 4.0
"""Voxels to either side of a surface at which distances are kept."""
EDGE = 3.0
"""A pixel whose neighbours' depths differ by more than this many voxels lies on an edge: its depth is of no surface."""


@dataclass(frozen=True)
class DepthView:
    """Depth [H, W] along the axis (inf: nothing) and colour [H, W, 3] in 0..1 from a pose [4, 4], all in one frame, metres."""

    depth_m: np.ndarray
    rgb: np.ndarray
    K: np.ndarray
    c2w: np.ndarray


@dataclass(frozen=True)
class Box:
    """An axis-aligned box between two corners [3], metres."""

    low: np.ndarray
    high: np.ndarray

    def centers(self, voxel_m: float) -> np.ndarray:
        """The middles [X * Y * Z, 3] of its voxels, in the order of a field [X, Y, Z]."""
        shape = np.ceil((self.high - self.low) / voxel_m).astype(int)
        return self.low + (np.indices(shape).reshape(3, -1).T + 0.5) * voxel_m


def without_edges(depth_m: np.ndarray, limit_m: float) -> np.ndarray:
    """The depth picture [H, W] with inf where it jumps by more than `limit_m` to a neighbour."""
    found = np.where(np.isfinite(depth_m), depth_m, 1e3)
    jump = np.zeros_like(found)
    for axis in (0, 1):
        step = np.abs(np.diff(found, axis=axis))
        before, after = [(0, 0), (0, 0)], [(0, 0), (0, 0)]
        before[axis], after[axis] = (1, 0), (0, 1)
        jump = np.maximum(jump, np.maximum(np.pad(step, before), np.pad(step, after)))
    return np.where(jump > limit_m, np.inf, depth_m)


def fuse(views: Sequence[DepthView], box: Box, voxel_m: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The truncated signed distance field of a box.

    Returns:
        Distances [X, Y, Z] in units of the truncation (1: free, -1: at least so deep behind a surface), how many views saw each
        voxel [X, Y, Z], and colours [X, Y, Z, 3] in 0..1.
    """
    shape = tuple(np.ceil((box.high - box.low) / voxel_m).astype(int))
    axes = [box.low[i] + (np.arange(shape[i]) + 0.5) * voxel_m for i in range(3)]
    distance, weight = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    color, colored = np.zeros((*shape, 3), np.float32), np.zeros(shape, np.float32)
    cut = TRUNCATION * voxel_m
    plane = np.stack(np.meshgrid(axes[0], axes[1], indexing="ij"), -1).astype(np.float32)
    for view in views:
        w2c = np.linalg.inv(view.c2w).astype(np.float32)
        depth = without_edges(view.depth_m, max(EDGE * voxel_m, 0.02)).astype(np.float32)
        height, width = depth.shape
        for k, z in enumerate(axes[2]):  # a layer at a time: bounded memory
            local = plane @ w2c[:3, :2].T + (w2c[:3, 2] * np.float32(z) + w2c[:3, 3])
            ahead = local[..., 2] > 1e-3
            safe = np.where(ahead, local[..., 2], 1)
            u = np.floor(view.K[0, 0] * local[..., 0] / safe + view.K[0, 2]).astype(np.int32)
            v = np.floor(view.K[1, 1] * local[..., 1] / safe + view.K[1, 2]).astype(np.int32)
            seen = np.flatnonzero(ahead & (u >= 0) & (u < width) & (v >= 0) & (v < height))
            pixel = (v.reshape(-1)[seen], u.reshape(-1)[seen])
            ahead_m = depth[pixel] - safe.reshape(-1)[seen]
            near = np.isfinite(ahead_m) & (ahead_m > -cut)
            seen, ahead_m = seen[near], ahead_m[near]
            x, y = np.divmod(seen, shape[1])
            distance[x, y, k] += np.minimum(ahead_m / cut, 1)
            weight[x, y, k] += 1
            close = np.abs(ahead_m) < cut
            x, y = x[close], y[close]
            color[x, y, k] += view.rgb[pixel[0][near][close], pixel[1][near][close]]
            colored[x, y, k] += 1
    return distance / np.maximum(weight, 1), weight, color / np.maximum(colored, 1)[..., None]


def mesh_of(field: np.ndarray, box: Box, voxel_m: float, step: int = 1) -> trimesh.Trimesh:
    """The surface at distance zero of a field [X, Y, Z] as a closed mesh, metres; `step` voxels at a time."""
    if not (field < 0).any():
        return trimesh.Trimesh()
    padded = np.pad(field, 2, constant_values=1.0)  # surfaces end at the box's sides instead of gaping there
    vertices, faces, _, _ = marching_cubes(padded, 0.0, gradient_direction="descent", step_size=step)
    return trimesh.Trimesh((vertices - 1.5) * voxel_m + box.low, faces, process=True)
