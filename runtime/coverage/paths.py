"""Camera paths over a support: orbit, walk, task. Lengths are metres of the support frame.

A length that is None follows from the size of the support, so that one default suits a table top and a street.
"""

import numpy as np

from runtime.coverage.frame import SceneFrame

MAX_ELEVATION_RAD = np.radians(75)
"""Steeper views have no stable up in the picture."""


def orbit(frame: SceneFrame, frames: int, radius_m: float | None, height_m: float | None, turns: float) -> np.ndarray:
    """A circle round the middle of the support, looking at it: poses [frames, 4, 4].

    A whole number of turns closes without showing the first view twice.
    """
    short = frame.half_m[1]
    radius = radius_m if radius_m is not None else 1.8 * short
    height = height_m if height_m is not None else 0.6 * radius
    height = min(height, radius * np.tan(MAX_ELEVATION_RAD))
    angle = 2 * np.pi * turns * np.arange(frames) / frames
    eye = np.stack([radius * np.cos(angle), radius * np.sin(angle), np.full(frames, height)], 1)
    return frame.cameras(eye, np.tile([0, 0, 0.15 * short], (frames, 1)))


def walk(frame: SceneFrame, frames: int, length_m: float | None, eye_height_m: float | None, aside_m: float | None) -> np.ndarray:
    """A straight walk along the support's longer side: poses [frames, 4, 4].

    On a long support (a street) the walk keeps to the middle and looks ahead; past a compact one (a table) it keeps
    aside and looks at its middle.
    """
    long, short = frame.half_m
    length = length_m if length_m is not None else 1.6 * long
    height = eye_height_m if eye_height_m is not None else (0.25 if frame.is_long() else 0.8) * short
    aside = aside_m if aside_m is not None else (0.0 if frame.is_long() else -1.5 * short)
    along = length * (np.arange(frames) / max(frames - 1, 1) - 0.5)
    eye = np.stack([along, np.full(frames, aside), np.full(frames, height)], 1)
    if frame.is_long():
        return frame.cameras(eye, eye + np.array([2 * short, 0, -0.1 * short]))
    return frame.cameras(eye, np.tile([0, 0, 0.1 * short], (frames, 1)))


def clearance(points_m: np.ndarray, frame: SceneFrame) -> float:
    """How far what stands on the middle of the support reaches from there, metres; 0 when nothing does.

    `points_m` [N, 3] are solid points in the support frame. Looser ones than a twentieth of those near the middle are
    taken for noise.
    """
    short = frame.half_m[1]
    near = points_m[(np.linalg.norm(points_m[:, :2], axis=1) < 0.6 * short) & (points_m[:, 2] > -0.1 * short)]
    standing = near[near[:, 2] > 0.15 * short]
    if len(standing) < max(20, 0.05 * len(near)):
        return 0.0
    return float(np.quantile(np.linalg.norm(standing, axis=1), 0.98))


def task(
    frame: SceneFrame, frames: int, far_m: float | None, near_m: float | None, elevation_deg: float, clearance_m: float = 0.0
) -> np.ndarray:
    """An approach to the middle of the support such as a robot's camera makes: poses [frames, 4, 4].

    It comes from the side of -x, first low and far, at last near and at `elevation_deg` above the surface. Distances
    that are not given keep it outside of what stands within `clearance_m` of the middle.
    """
    short = frame.half_m[1]
    near = near_m if near_m is not None else max(0.7 * short, 1.2 * clearance_m)
    far = far_m if far_m is not None else max(1.6 * short, 1.5 * near)
    share = np.arange(frames) / max(frames - 1, 1)
    smooth = share * share * (3 - 2 * share)  # starts and ends at rest
    distance = far + (near - far) * smooth
    last = min(np.radians(elevation_deg), MAX_ELEVATION_RAD)
    elevation = 0.5 * last + 0.5 * last * smooth
    eye = np.stack([-distance * np.cos(elevation), np.zeros(frames), distance * np.sin(elevation)], 1)
    return frame.cameras(eye, np.zeros((frames, 3)))
