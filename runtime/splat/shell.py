"""Gaussians on a far sphere, for what lies behind everything that points were found on: the sky, the end of a street."""

import numpy as np

from runtime.splat.gaussians import Gaussians, rgb_to_sh
from runtime.splat.photos import Photos

_BEYOND = 3.0  # times the 99th percentile of the observed depths
_ROOM = 5.0  # at least so many times the cameras' distance from their middle
_WIDTH = 0.6  # standard deviation in units of the distance between neighbours
_OPACITY = 0.7


def far_shell(photos: Photos, count: int, sh_degree: int) -> Gaussians:
    """Up to `count` Gaussians evenly over a sphere round the cameras: those that a training photo has in view, in the mean
    colour that the photos have there."""
    centres = photos.c2w[:, :3, 3]
    middle = np.median(centres, axis=0)
    far = _ROOM * np.linalg.norm(centres - middle, axis=1).max()
    if len(photos.obs_depth):
        far = max(far, _BEYOND * float(np.percentile(photos.obs_depth, 99)))
    place = np.arange(count) + 0.5  # a Fibonacci lattice
    polar, turn = np.arccos(1 - 2 * place / max(count, 1)), np.pi * (1 + 5**0.5) * place
    means = middle + far * np.column_stack([np.cos(turn) * np.sin(polar), np.sin(turn) * np.sin(polar), np.cos(polar)])
    total, views, viewmats = np.zeros((count, 3)), np.zeros(count), photos.viewmats
    for index in np.flatnonzero(~photos.held_out):
        view, K, (width, height) = viewmats[index], photos.K[index], photos.size(index)
        x, y, z = view[:3, :3] @ means.T + view[:3, 3:]
        front = np.maximum(z, 1e-9)
        u, v = K[0, 0] * x / front + K[0, 2], K[1, 1] * y / front + K[1, 2]
        seen = (z > 0) & (u >= 0) & (u < width) & (v >= 0) & (v < height)
        total[seen] += photos.images[index][v[seen].astype(int), u[seen].astype(int)]
        views[seen] += 1
    seen = views > 0
    sh = np.zeros((seen.sum(), (sh_degree + 1) ** 2, 3), np.float32)
    sh[:, 0] = rgb_to_sh(total[seen] / views[seen, None])
    return Gaussians(
        means=means[seen],
        quats=np.tile(np.array([1, 0, 0, 0], np.float32), (seen.sum(), 1)),
        scales=np.full((seen.sum(), 3), _WIDTH * far * np.sqrt(4 * np.pi / max(count, 1))),
        opacities=np.full(seen.sum(), _OPACITY),
        sh=sh,
    )
