"""Adaptive density (Kerbl et al. 2023): more Gaussians where the picture pulls hardest, fewer where they are invisible.

The thresholds of the paper suit 30,000 iterations on large photos. Here a round adds a share of the Gaussians with the
largest mean pull, up to a limit, which needs no threshold and bounds the cost.
"""

import numpy as np

from runtime.splat.gaussians import Gaussians

OPACITY_MIN = 0.02
_SHRINK = 1.6  # of the paper: both halves of a split are this much smaller


class Pull:
    """Mean norm of the screen-position gradient of each Gaussian over the views that saw it since the last round."""

    def __init__(self, count: int) -> None:
        """Nothing seen yet of `count` Gaussians."""
        self._sum, self._views = np.zeros(count), np.zeros(count)

    def add(self, g_means2d: np.ndarray, seen: np.ndarray) -> None:
        """Add one view's gradients [N, 2] for the Gaussians at the indices `seen`."""
        self._sum[seen] += np.linalg.norm(g_means2d[seen], axis=1)
        self._views[seen] += 1

    def state(self) -> dict[str, np.ndarray]:
        """Arrays that it is restored from."""
        return {"sum": self._sum, "views": self._views}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Continue from a `state`."""
        self._sum, self._views = state["sum"], state["views"]

    def mean(self) -> np.ndarray:
        """Mean pull [N]; 0 for a Gaussian that no view saw."""
        return self._sum / np.maximum(self._views, 1)

    def seen(self) -> np.ndarray:
        """Mask [N] of the Gaussians that some view saw."""
        return self._views > 0


def rotations(quats: np.ndarray) -> np.ndarray:
    """Rotation matrices [N, 3, 3] of quaternions wxyz [N, 4] of any length."""
    w, x, y, z = (quats / np.linalg.norm(quats, axis=1, keepdims=True)).T
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return np.moveaxis(np.array(rows), -1, 0)


def densify(
    gaussians: Gaussians, unwanted: np.ndarray, pull: Pull, limit: int, share: float, large: float, rng: np.random.Generator
) -> tuple[np.ndarray, Gaussians]:
    """One round: a mask [N] of the Gaussians to keep, and those to add.

    Faint and `unwanted` (mask [N]) Gaussians go. Of those kept, the `share` with the largest pull is cloned, or split
    in two when a scale exceeds `large` (scene units), as far as `limit` Gaussians allow.
    """
    keep = (gaussians.opacities > OPACITY_MIN) & ~unwanted
    strength = np.where(keep & pull.seen(), pull.mean(), 0)
    count = min(int(share * keep.sum()), limit - int(keep.sum()))
    chosen = np.argsort(-strength, kind="stable")[: max(count, 0)]
    chosen = np.sort(chosen[strength[chosen] > 0])
    big = gaussians.scales[chosen].max(axis=1) > large
    clones, parents = gaussians.select(chosen[~big]), gaussians.select(chosen[big])
    halves, turned = [], rotations(parents.quats)
    for _ in range(2):
        offset = np.einsum("nij,nj->ni", turned, rng.normal(size=parents.scales.shape) * parents.scales)
        halves.append(Gaussians(parents.means + offset, parents.quats, parents.scales / _SHRINK, parents.opacities, parents.sh))
    keep[chosen[big]] = False
    return keep, Gaussians.concatenate([clones, *halves])
