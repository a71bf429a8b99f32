"""Which way is up, estimated from how people hold cameras."""

import numpy as np

_AGREEING = 0.75  # length of the mean image-up beyond which photos share an orientation
_PARALLEL = 0.03  # second eigenvalue of the rights' scatter below which they are all one direction
_OUTLIER = 0.3  # sine of a roll that is held to be intended
_DIRECTIONS = 8000


def estimate_up(c2w: np.ndarray) -> np.ndarray:
    """World up [3], unit length, from OpenCV camera-to-world poses [F, 4, 4].

    People keep the horizon level, so up is normal to the cameras' x axes. A set that mixes portrait and landscape
    photos has no common image-up; there up is the direction that most cameras see along one of their image axes.
    """
    x, y, z = (c2w[:, :3, i] for i in range(3))
    mean_up = -y.mean(0)
    if np.linalg.norm(mean_up) > _AGREEING:
        values, vectors = np.linalg.eigh(x.T @ x / len(x))
        if values[1] > _PARALLEL:
            up = vectors[:, 0]
        else:
            right = vectors[:, 2]
            up = mean_up - right * (right @ mean_up)
        return _unit(up if up @ mean_up > 0 else -up)
    candidates = _sphere(_DIRECTIONS)
    up = candidates[np.argmin(_roll_cost(candidates, x, y))]
    for width in (0.03, 0.01, 0.003):  # radians around the best direction so far
        near = _cap(up, width)
        up = near[np.argmin(_roll_cost(near, x, y))]
    votes = -(y @ up)
    if abs(votes.mean()) < 0.05:  # nearly all are portrait: people look down on what they photograph
        votes = -(z @ up)
    return _unit(up if votes.mean() > 0 else -up)


def _roll_cost(candidates: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    roll = np.minimum(np.abs(candidates @ x.T), np.abs(candidates @ y.T))
    return np.minimum(roll, _OUTLIER).mean(1)


def _sphere(count: int) -> np.ndarray:
    """Evenly spread directions [count, 3] (Fibonacci lattice)."""
    i = np.arange(count) + 0.5
    polar, azimuth = np.arccos(1 - 2 * i / count), np.pi * (1 + 5**0.5) * i
    return np.stack([np.cos(azimuth) * np.sin(polar), np.sin(azimuth) * np.sin(polar), np.cos(polar)], 1)


def _cap(axis: np.ndarray, radius_rad: float, count: int = 400) -> np.ndarray:
    i = np.arange(count) + 0.5
    radius, azimuth = radius_rad * np.sqrt(i / count), np.pi * (1 + 5**0.5) * i
    first = _unit(np.cross(axis, np.eye(3)[np.argmin(np.abs(axis))]))
    second = np.cross(axis, first)
    around = np.outer(radius * np.cos(azimuth), first) + np.outer(radius * np.sin(azimuth), second) + axis
    return around / np.linalg.norm(around, axis=1, keepdims=True)


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)
