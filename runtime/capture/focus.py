"""Where a capture looks: the point that its cameras circle, or the middle of what they pass."""

from dataclasses import dataclass

import numpy as np

_CONDITION = 0.03  # least eigenvalue of the mean projector across the view axes; below it the axes are parallel


@dataclass(frozen=True)
class Focus:
    """What the capture is of. `orbit` says whether the cameras look at one place from several sides."""

    center: np.ndarray  # [3] scene units
    radius: float  # scene units: typical distance of cameras (orbit), spread of points (no orbit)
    orbit: bool
    detail: float  # scene units: typical distance between a camera and what it passes; the radius but for a walk


def find_focus(xyz: np.ndarray, c2w: np.ndarray) -> Focus:
    """The focus of points xyz [N, 3] and poses c2w [F, 4, 4]; without cameras (F = 0) that of the points alone.

    The centre of an orbit is the point nearest to all optical axes in the least-squares sense.
    """
    if len(c2w) >= 3:
        position, forward = c2w[:, :3, 3], c2w[:, :3, 2]
        across = np.eye(3) - forward[:, :, None] * forward[:, None, :]  # [F, 3, 3]
        total = across.mean(0)
        if np.linalg.eigvalsh(total)[0] > _CONDITION:
            center = np.linalg.solve(total, np.einsum("fij,fj->i", across, position) / len(c2w))
            ahead = np.einsum("fi,fi->f", center - position, forward)
            if np.mean(ahead > 0) > 0.7:
                radius = float(np.median(np.linalg.norm(position - center, axis=1)))
                return Focus(center, radius, True, radius)
    if not len(c2w):
        center = np.median(xyz, axis=0)
        radius = float(np.quantile(np.linalg.norm(xyz - center, axis=1), 0.9))
        return Focus(center, radius, False, radius)
    center = np.median(c2w[:, :3, 3], axis=0)
    radius = float(np.median(np.linalg.norm(xyz - center, axis=1)))
    return Focus(center, radius, False, float(np.median(from_path(xyz, c2w))))


def from_path(xyz: np.ndarray, c2w: np.ndarray) -> np.ndarray:
    """Distance [N] of each point to the nearest camera, scene units."""
    away = np.full(len(xyz), np.inf)
    for position in c2w[:, :3, 3]:
        away = np.minimum(away, np.linalg.norm(xyz - position, axis=1))
    return away
