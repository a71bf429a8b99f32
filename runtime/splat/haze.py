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
    hazy, viewmats = np.zeros(len(means), bool), photos.viewmats
    for index in np.flatnonzero(~photos.held_out):
        view, K, (width, height) = viewmats[index], photos.K[index], photos.size(index)
        x, y, z = view[:3, :3] @ means.T + view[:3, 3:]
        close = (z > 0) & (z < near)
        u, v = K[0, 0] * x + K[0, 2] * z, K[1, 1] * y + K[1, 2] * z  # times z
        hazy |= close & (u > 0) & (u < width * z) & (v > 0) & (v < height * z)
    return hazy
