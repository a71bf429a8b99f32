"""Gaussians right in front of a training camera: they explain one photo and stand in the way of every other view."""

import numpy as np

from runtime.splat.photos import Photos

_SHARE = 0.5  # of the smallest depths observed
_PERCENT = 0.5  # of the observations may be nearer than "smallest"


def nearest_depth(photos: Photos) -> float:
    """A z-depth (scene units) that leaves ample room to everything that photos observed; 0 without observations."""
    return _SHARE * float(np.percentile(photos.obs_depth, _PERCENT)) if len(photos.obs_depth) else 0.0


def in_front_of_cameras(means: np.ndarray, photos: Photos, near: float) -> np.ndarray:
    """Mask [N] of centres [N, 3] that some training camera has in view nearer than `near`."""
    width, height = photos.size
    hazy = np.zeros(len(means), bool)
    for view in photos.viewmats[~photos.held_out]:
        x, y, z = view[:3, :3] @ means.T + view[:3, 3:]
        close = (z > 0) & (z < near)
        u, v = photos.K[0, 0] * x + photos.K[0, 2] * z, photos.K[1, 1] * y + photos.K[1, 2] * z  # times z
        hazy |= close & (u > 0) & (u < width * z) & (v > 0) & (v < height * z)
    return hazy
