"""Do photos agree with the poses given for them? Told by features that two photos share.

Which features match is found without the poses (descriptors, and any epipolar geometry that most of them fit), so wrong
poses do not spare themselves. With right ones 0.9 and more of the matches lie on the epipolar lines of the poses, whatever
the texture and the size of photos; with wrong ones as many as chance puts there, 0.04 to 0.1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from runtime.capture.lens import Lens

WITHIN = 0.01
"""Distance from the epipolar lines, as a share of the photos' width: rotations of sensors are 0.5 degrees off."""
LEAST = 0.3
"""Share of the matches below which poses are wrong; noise of 1 degree and 1% of the scene's size leaves 0.48 on buddha."""
FEWEST = 30
"""Matches that can tell."""


@dataclass(frozen=True)
class Agreement:
    """How many features two photos share, over all pairs that were looked at, and which share of them fits the poses."""

    matches: int
    share: float

    @property
    def wrong(self) -> bool:
        """Whether the poses cannot be those of the photos."""
        return self.matches >= FEWEST and self.share < LEAST


def agreement(
    database: Any, ids: Sequence[int], pinholes: Sequence[Lens], c2w: np.ndarray, pairs: list[tuple[int, int]]
) -> Agreement:
    """Of undistorted photos.

    Args:
        database: an open COLMAP database with verified matches.
        ids: the photos' numbers in it, F of them; their pinholes; their poses [F, 4, 4], OpenCV camera-to-world.
        pairs: indices of the photos that were matched.
    """
    points = [np.asarray(database.read_keypoints(i))[:, :2] for i in ids]
    near: list[np.ndarray] = [np.zeros(0, bool)]
    for a, b in pairs:
        if not database.exists_two_view_geometry(ids[a], ids[b]):
            continue
        matches = np.asarray(database.read_two_view_geometry(ids[a], ids[b]).inlier_matches).reshape(-1, 2)
        to_b = np.linalg.inv(c2w[b]) @ c2w[a]
        x, y, z = to_b[:3, 3]
        essential = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]]) @ to_b[:3, :3]
        fundamental = _inverse(pinholes[b]).T @ essential @ _inverse(pinholes[a])
        apart = _sampson(points[a][matches[:, 0]], points[b][matches[:, 1]], fundamental)
        near.append(apart < WITHIN * min(pinholes[a].width, pinholes[b].width))
    fits = np.concatenate(near)
    return Agreement(len(fits), float(fits.mean()) if len(fits) else 0.0)


def _sampson(a: np.ndarray, b: np.ndarray, fundamental: np.ndarray) -> np.ndarray:
    """First-order distance [N] in pixels of matches [N, 2] from an epipolar geometry (Hartley and Zisserman, 11.4.3)."""
    a, b = (np.concatenate([p, np.ones((len(p), 1))], axis=1) for p in (a, b))
    in_b, in_a = a @ fundamental.T, b @ fundamental
    slope = (in_a[:, :2] ** 2).sum(1) + (in_b[:, :2] ** 2).sum(1)
    return np.abs((b * in_b).sum(1)) / np.sqrt(np.maximum(slope, 1e-30))


def _inverse(pinhole: Lens) -> np.ndarray:
    fx, fy, cx, cy = pinhole.pinhole
    return np.linalg.inv(np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]]))
