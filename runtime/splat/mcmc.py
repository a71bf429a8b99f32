"""Densification as Markov chain Monte Carlo (Kheradmand et al. 2024), gsplat's `MCMCStrategy`, with its constants.

No Gaussian is split or cloned by a threshold: dead ones move to where others are opaque, so that the picture stays as it
is, their number grows by a twentieth a round, and noise lets faint ones wander.
"""

from math import comb

import numpy as np

from runtime.splat.densify import rotations
from runtime.splat.gaussians import Gaussians

MIN_OPACITY = 0.005
GROWTH = 1.05
NOISE = 5e5  # gsplat's noise_lr: times the learning rate of the means
_MOST = 51  # copies of one Gaussian that the equation counts with


def relocated(opacity: np.ndarray, scales: np.ndarray, copies: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Opacity [M] and scales [M, 3] that `copies` [M] Gaussians in one place need to look like one (equation 9)."""
    copies = np.minimum(copies, _MOST)
    new = 1 - (1 - opacity) ** (1 / copies)
    total = np.zeros_like(new)
    for n in np.unique(copies):
        mine = copies == n
        for i in range(1, n + 1):
            for k in range(i):
                total[mine] += comb(i - 1, k) * (-1) ** k / np.sqrt(k + 1) * new[mine] ** (k + 1)
    return np.clip(new, MIN_OPACITY, 1 - 1e-7), scales * (opacity / total)[:, None]


def refine(gaussians: Gaussians, unwanted: np.ndarray, cap_max: int, rng: np.random.Generator) -> tuple[np.ndarray, Gaussians]:
    """One round: a mask [N] of the Gaussians that stay as they are, and those to append instead of the others.

    Dead and `unwanted` (mask [N]) Gaussians are relocated, and new ones added up to `cap_max`.
    """
    dead = (gaussians.opacities <= MIN_OPACITY) | unwanted
    count = len(gaussians)
    alive = np.flatnonzero(~dead)
    if not len(alive):
        return ~unwanted, gaussians.select(np.zeros(0, int))
    wanted = int(dead.sum()) + max(0, min(cap_max, int(GROWTH * count)) - count)
    weight = gaussians.opacities[alive].astype(np.float64)
    drawn = np.bincount(rng.choice(len(alive), wanted, p=weight / weight.sum()), minlength=len(alive))
    chosen = drawn > 0
    sources, copies = alive[chosen], drawn[chosen] + 1
    opacity, scales = relocated(gaussians.opacities[sources].astype(np.float64), gaussians.scales[sources], copies)
    parents = gaussians.select(sources)
    parents = Gaussians(parents.means, parents.quats, scales, opacity, parents.sh)
    keep = ~dead
    keep[sources] = False
    return keep, parents.select(np.repeat(np.arange(len(sources)), copies))


def noise(gaussians: Gaussians, rate: float, rng: np.random.Generator) -> np.ndarray:
    """How far [N, 3] each Gaussian wanders: along its own shape, and only if it is faint. `rate` is that of the means."""
    faint = 1 / (1 + np.exp(np.minimum(100 * (gaussians.opacities - MIN_OPACITY), 80)))
    axes = rotations(gaussians.quats) * gaussians.scales[:, None, :]
    step = rng.normal(size=gaussians.means.shape) * (faint * NOISE * rate)[:, None]
    return np.einsum("nij,nkj,nk->ni", axes, axes, step).astype(np.float32)
