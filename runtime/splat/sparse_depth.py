"""The sparse points of the capture as a loss: where a photo shows one, the render has to be as far away.

Photos of few places can be explained by surfaces at wrong depths, which only shows from other places (Deng et al. 2022,
Depth-supervised NeRF). The loss is in disparity, 1 / depth, so that what is far and known badly weighs little.
"""

import numpy as np

from runtime.splat.photos import Photos

SMOOTH = 0.01  # relative: below it the loss is quadratic
COVERED = 0.3  # alpha from which a pixel counts as having a depth


class SparseDepth:
    """Mean absolute error of disparity at the observed points of each photo, in units of 1 / the median depth."""

    def __init__(self, photos: Photos) -> None:
        """Take the observations of all photos."""
        self._median = float(np.median(photos.obs_depth)) if len(photos.obs_depth) else 1.0
        self._uv, self._z = [], []
        for index in range(len(photos.images)):
            mine = photos.obs_frame == index
            self._uv.append(photos.obs_uv[mine] / np.array(photos.size(index), np.float32))
            self._z.append(photos.obs_depth[mine])

    def gradients(self, index: int, depth: np.ndarray, alpha: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Gradients [H, W] of the loss by accumulated z-depth [H, W] and alpha [H, W] of a render of photo `index`."""
        height, width = alpha.shape
        u, v = self._uv[index].T
        x, y = np.minimum((u * width).astype(int), width - 1), np.minimum((v * height).astype(int), height - 1)
        g_depth, g_alpha = np.zeros_like(alpha), np.zeros_like(alpha)
        covered = alpha[y, x] > COVERED
        x, y, z = x[covered], y[covered], self._z[index][covered]
        deep, solid = np.maximum(depth[y, x], 1e-6), alpha[y, x]
        off = solid / deep - 1 / z
        g = np.clip(off * z / SMOOTH, -1, 1) * np.float32(self._median / max(len(self._z[index]), 1))
        np.add.at(g_depth, (y, x), -g * solid / deep**2)
        np.add.at(g_alpha, (y, x), g / deep)
        return g_depth, g_alpha
