"""The Gaussians that training starts from: one at each sparse point, as wide as its neighbours are far."""

import numpy as np

from runtime.splat.gaussians import Gaussians, rgb_to_sh
from runtime.splat.photos import Photos

OPACITY = 0.5
FEWEST_POINTS = 4  # with fewer there are no neighbours to take a size from
_NEIGHBOURS = FEWEST_POINTS - 1


def neighbour_distance(xyz: np.ndarray) -> np.ndarray:
    """Mean distance [N] to the three nearest other points of xyz [N, 3]."""
    from scipy.spatial import KDTree

    distances, _ = KDTree(xyz).query(xyz, k=min(_NEIGHBOURS + 1, len(xyz)))
    return distances[:, 1:].mean(axis=1)


def scene_extent(photos: Photos) -> float:
    """A length of the scene in its units: the median distance from a camera to the points."""
    centres = photos.c2w[:, :3, 3]
    return float(np.median([np.median(np.linalg.norm(photos.xyz - c, axis=1)) for c in centres]))


def from_points(xyz: np.ndarray, rgb: np.ndarray, sh_degree: int, limit: int, rng: np.random.Generator) -> Gaussians:
    """Gaussians at points xyz [N, 3] with colours rgb [N, 3] in 0..1; at most `limit` of them, drawn with `rng`.

    Raises:
        ValueError: with fewer than FEWEST_POINTS.
    """
    if len(xyz) < FEWEST_POINTS:
        raise ValueError(f"{len(xyz)} points are too few to start from")
    if len(xyz) > limit:
        chosen = np.sort(rng.choice(len(xyz), limit, replace=False))
        xyz, rgb = xyz[chosen], rgb[chosen]
    distance = neighbour_distance(xyz)
    typical = np.median(distance)
    scales = np.clip(distance, 0.05 * typical, 10 * typical)
    sh = np.zeros((len(xyz), (sh_degree + 1) ** 2, 3), np.float32)
    sh[:, 0] = rgb_to_sh(rgb)
    return Gaussians(
        means=xyz,
        quats=np.tile(np.array([1, 0, 0, 0], np.float32), (len(xyz), 1)),
        scales=np.repeat(scales[:, None], 3, axis=1),
        opacities=np.full(len(xyz), OPACITY, np.float32),
        sh=sh,
    )
