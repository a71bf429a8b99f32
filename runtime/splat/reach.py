"""How far each Gaussian is from the cameras: what is far must move farther to move as much in a photo."""

import numpy as np

from runtime.splat.photos import Photos

NEAREST, FARTHEST = 0.1, 30.0  # times the scene's extent
_BEYOND = 0.1  # of a photo's size: so far outside its edges a Gaussian still counts as in view


def reach(means: np.ndarray, photos: Photos, extent: float) -> np.ndarray:
    """Smallest z-depth [N, 1] of centres [N, 3] over the training photos that have them in view, in units of `extent`.

    It is kept within NEAREST..FARTHEST, and is FARTHEST for what no photo has in view.
    """
    nearest, viewmats = np.full(len(means), np.inf, np.float32), photos.viewmats
    for index in np.flatnonzero(~photos.held_out):
        view, K, (width, height) = viewmats[index].astype(np.float32), photos.K[index], photos.size(index)
        x, y, z = view[:3, :3] @ means.T + view[:3, 3:]
        u, v = K[0, 0] * x + K[0, 2] * z, K[1, 1] * y + K[1, 2] * z  # times z
        a, b = _BEYOND * width * z, _BEYOND * height * z
        seen = (z > 0) & (u > -a) & (u < width * z + a) & (v > -b) & (v < height * z + b)
        nearest = np.where(seen, np.minimum(nearest, z), nearest)
    return np.clip(nearest / extent, NEAREST, FARTHEST).astype(np.float32)[:, None]
