"""Where a camera cannot be: inside of things, too near to them, or behind all that photos see."""

import numpy as np

from runtime.coverage.seen import Shots
from runtime.splat.gaussians import Gaussians
from runtime.splat.jit import inlined, kernel
from runtime.splat.project import rotation

SOLID = 0.5
"""Opacity from which a Gaussian is matter."""
FEWEST = 3
"""So many Gaussians together are a thing, fewer are a speck."""
SIGMAS = 2.0
"""Standard deviations that a Gaussian's matter reaches."""


def in_matter(eyes: np.ndarray, gaussians: Gaussians, margin: float, shots: Shots | None) -> np.ndarray:
    """Whether cameras at `eyes` [T, 3] would be in matter, nearer to it than `margin` (scene units), or behind what each photo
    sees that looks there: [T] bool."""
    solid = gaussians.select(gaussians.opacities >= SOLID)
    eyes = np.ascontiguousarray(eyes, np.float64)
    inside = np.zeros(len(eyes), np.bool_)
    _touch(eyes, solid.means, solid.quats, solid.scales, margin / SIGMAS, inside)
    return inside if shots is None else inside | shots.behind(eyes)


@inlined
def _turned(quats, n, x, y, z):
    """A vector in the axes of Gaussian n."""
    r00, r01, r02, r10, r11, r12, r20, r21, r22 = rotation(
        float(quats[n, 0]), float(quats[n, 1]), float(quats[n, 2]), float(quats[n, 3])
    )
    return r00 * x + r10 * y + r20 * z, r01 * x + r11 * y + r21 * z, r02 * x + r12 * y + r22 * z


@kernel
def _touch(eyes, means, quats, scales, margin, inside):
    for t in range(len(eyes)):
        count = 0
        for n in range(len(means)):
            x, y, z = eyes[t, 0] - means[n, 0], eyes[t, 1] - means[n, 1], eyes[t, 2] - means[n, 2]
            far = SIGMAS * (max(scales[n, 0], scales[n, 1], scales[n, 2]) + margin)
            if x * x + y * y + z * z > far * far:
                continue
            a, b, c = _turned(quats, n, x, y, z)
            a, b, c = a / (scales[n, 0] + margin), b / (scales[n, 1] + margin), c / (scales[n, 2] + margin)
            if a * a + b * b + c * c < SIGMAS * SIGMAS:
                count += 1
                if count >= FEWEST:
                    inside[t] = True
                    break
