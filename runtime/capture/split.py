"""Which photos are kept from training: one of each block, and only such as other photos surround.

A splat is asked for views between those it was made of. A photo at the end of a walk, or alone on its side, would
measure how well it invents.
"""

import numpy as np

SIDES_DEG = 120.0  # the directions to the neighbours on both sides lie at least so far apart
TURN_DEG = 30.0  # of the view, weighs as much as the usual step from one photo to the next
NEIGHBOURS = 12  # nearest photos that are looked at
_FAR = 1.5  # times the median of all photos: farther neighbours do not count


def held_out_split(c2w: np.ndarray, every: int) -> np.ndarray:
    """Mask [F] of the photos kept from training, from their poses c2w [F, 4, 4] (OpenCV camera-to-world).

    Of each block of `every` photos it is the one at a place that moves on from block to block, so that a capture taken in
    rounds of that length does not give all of them from one height; or else the next in the block that has photos to
    train on close by on both sides. Without any such photo none is held out of the block.
    """
    count = len(c2w)
    training = np.ones(count, bool)
    if count < 3:
        return ~training
    directions, distances = _steps(c2w)
    reaches = np.array([_reach(i, directions, distances, training) for i in range(count)])
    limit = _FAR * np.median(reaches[np.isfinite(reaches)]) if np.isfinite(reaches).any() else 0.0
    for block, first in enumerate(range(0, count, every)):
        size = min(every, count - first)
        if block % every >= size:
            continue
        for step in range(size):
            photo = first + (block + step) % size
            training[photo] = False
            if all(_reach(i, directions, distances, training) <= limit for i in np.flatnonzero(~training)):
                break
            training[photo] = True
    return ~training


def _steps(c2w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Unit directions [F, F, 3] from each camera to each other, and distances [F, F] in usual steps and turns."""
    step = c2w[None, :, :3, 3] - c2w[:, None, :3, 3]
    length = np.linalg.norm(step, axis=2)
    turn = np.degrees(np.arccos(np.clip(c2w[:, :3, 2] @ c2w[:, :3, 2].T, -1, 1)))
    usual = np.median(np.where(np.eye(len(c2w), dtype=bool), np.inf, length).min(axis=1))
    return step / np.maximum(length, 1e-12)[..., None], np.hypot(length / max(usual, 1e-12), turn / TURN_DEG)


def _reach(photo: int, directions: np.ndarray, distances: np.ndarray, training: np.ndarray) -> float:
    """How far one must go from a photo to have training photos on both sides of it; inf where there are none."""
    near = np.argsort(distances[photo], kind="stable")
    near = near[training[near] & (near != photo)][:NEIGHBOURS]
    toward, far = directions[photo, near], distances[photo, near]
    opposite = toward @ toward.T <= np.cos(np.radians(SIDES_DEG))
    return float(np.where(opposite, np.maximum(far[:, None], far), np.inf).min(initial=np.inf))
