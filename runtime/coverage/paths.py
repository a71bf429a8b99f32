"""Camera paths over a support: orbit, walk, task, grid. Lengths are metres of the support frame.

A length that is None follows from the size of the support, so that one default suits a table top and a street. Each function
gives the ways that its kind could be gone, the one that was asked for first; `runtime.coverage.plan` chooses.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from runtime.coverage.frame import SceneFrame

MAX_ELEVATION_RAD = np.radians(75)
"""Steeper views have no stable up in the picture."""

type Points = np.ndarray  # [T, 3] metres of the support frame


@dataclass(frozen=True)
class Way:
    """Where a camera is and what it looks at, as a function of the share of the way gone [T] in 0..1. A closed one ends
    where it began."""

    at: Callable[[np.ndarray], tuple[Points, Points]]
    closed: bool = False
    raised_m: float = 0.0

    def sampled(self, frames: int) -> tuple[Points, Points]:
        """Eyes and targets of so many frames; a closed way does not show its first view twice."""
        eye, target = self.at(np.arange(frames) / (frames if self.closed else max(frames - 1, 1)))
        return eye + np.array((0, 0, self.raised_m)), target

    def length_m(self) -> float:
        """How far the camera goes."""
        eye = self.at(np.linspace(0, 1, 400))[0]
        return float(np.linalg.norm(np.diff(eye, axis=0), axis=1).sum())

    def turned(self, angle_rad: float) -> "Way":
        """The same way, turned round the middle of the support."""
        c, s = np.cos(angle_rad), np.sin(angle_rad)
        turn = np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]])
        at = self.at
        return replace(self, at=lambda share: tuple(points @ turn for points in at(share)))

    def raised(self, height_m: float) -> "Way":
        """The same way, higher above what it looks at."""
        return replace(self, raised_m=self.raised_m + height_m)


def orbit(
    radius_m: float, height_m: float, look_m: float, turns: float, start_rad: float = 0.0, arc_rad: float = 2 * np.pi
) -> Way:
    """Round the middle of the support, looking at it. A part of a circle is gone to and fro, as often as `turns` says."""
    height_m = min(height_m, radius_m * float(np.tan(MAX_ELEVATION_RAD)))
    whole = arc_rad > 2 * np.pi - 1e-6

    def at(share: np.ndarray) -> tuple[Points, Points]:
        gone = turns * share
        part = gone if whole else np.abs((gone + 1) % 2 - 1)  # 0 to 1 and back
        angle = start_rad + arc_rad * part
        eye = np.stack([radius_m * np.cos(angle), radius_m * np.sin(angle), np.full(len(share), height_m)], 1)
        return eye, np.tile([0, 0, look_m], (len(share), 1))

    return Way(at, closed=whole)


def rings(frame: SceneFrame, radius_m: float | None, height_m: float | None) -> list[tuple[float, float, float]]:
    """Radius, height and the height looked at of the circles that an orbit may take."""
    short = frame.half_m[1]
    radii = [radius_m] if radius_m is not None else [short * r for r in (1.8, 1.4, 2.3)]
    return [
        (radius, height, 0.15 * short)
        for radius in radii
        for height in ([height_m] if height_m is not None else [radius * h for h in (0.6, 0.35, 1.0)])
    ]


def walk(frame: SceneFrame, length_m: float | None, eye_height_m: float | None, aside_m: float | None) -> Iterator[Way]:
    """A straight walk along the support's longer side.

    On a long support (a street) the walk keeps to the middle and looks ahead; past a compact one (a table) it keeps
    aside and looks at its middle.
    """
    long, short = frame.half_m
    ahead = frame.is_long()
    lengths = [length_m] if length_m is not None else [1.6 * long * share for share in (1, 0.6, 0.35)]
    rise = (0.25 if ahead else 0.8) * short
    heights = [eye_height_m] if eye_height_m is not None else [rise * h for h in (1, 0.6, 1.5)]
    asides = [aside_m] if aside_m is not None else [0.0] if ahead else [-1.5 * short, -1.1 * short]
    turns = (0, np.pi) if ahead else (0, np.pi, np.pi / 2, -np.pi / 2)

    def way(length: float, height: float, aside: float) -> Way:
        def at(share: np.ndarray) -> tuple[Points, Points]:
            along = length * (share - 0.5)
            eye = np.stack([along, np.full(len(along), aside), np.full(len(along), height)], 1)
            middle = np.tile([0, 0, 0.1 * short], (len(along), 1))
            return eye, eye + np.array((2 * short, 0, -0.1 * short)) if ahead else middle

        return Way(at)

    for length, height, aside, turn in product(lengths, heights, asides, turns):
        yield way(length, height, aside).turned(turn)


def grid(frame: SceneFrame, rows: int, height_m: float | None, elevation_deg: float) -> Iterator[Way]:
    """To and fro over the support in `rows` parallel lines, looking down ahead at `elevation_deg` below the horizon."""
    long, short = frame.half_m
    slope = float(np.tan(min(np.radians(elevation_deg), MAX_ELEVATION_RAD)))

    def way(height: float, reach: float) -> Way:
        y = np.linspace(-reach * short, reach * short, rows) if rows > 1 else np.zeros(1)
        ends = np.array([(x, row) for k, row in enumerate(y) for x in (np.array((-1, 1)) * (-1) ** k * reach * long)])
        gone = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(ends, axis=0), axis=1))])

        def at(share: np.ndarray) -> tuple[Points, Points]:
            over = np.stack([np.interp(share * gone[-1], gone, ends[:, k]) for k in (0, 1)] + [np.zeros(len(share))], 1)
            return over + np.array((0, -height / slope, height)), over

        return Way(at)

    heights = [height_m] if height_m is not None else [short * h for h in (1.0, 0.7, 1.4)]
    for reach, height, turn in product((0.8, 0.5), heights, (0, np.pi, np.pi / 2, -np.pi / 2)):
        yield way(height, reach).turned(turn)


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
    frame: SceneFrame, far_m: float | None, near_m: float | None, elevation_deg: float, clearance_m: float = 0.0
) -> Iterator[Way]:
    """An approach to the middle of the support such as a robot's camera makes.

    It comes from the side of -x, first low and far, at last near and at `elevation_deg` above the surface. Distances
    that are not given keep it outside of what stands within `clearance_m` of the middle.
    """
    short = frame.half_m[1]
    last = min(np.radians(elevation_deg), MAX_ELEVATION_RAD)
    nearest = max(0.7 * short, 1.2 * clearance_m)

    def way(near: float, far: float) -> Way:
        def at(share: np.ndarray) -> tuple[Points, Points]:
            smooth = share * share * (3 - 2 * share)  # starts and ends at rest
            distance = far + (near - far) * smooth
            elevation = 0.5 * last + 0.5 * last * smooth
            eye = np.stack([-distance * np.cos(elevation), np.zeros(len(share)), distance * np.sin(elevation)], 1)
            return eye, np.zeros((len(share), 3))

        return Way(at)

    for further, turn in product((1.0, 1.4, 2.0), np.arange(8) * np.pi / 4):
        near = near_m if near_m is not None else further * nearest
        far = far_m if far_m is not None else max(further * 1.6 * short, 1.5 * near)
        yield way(near, far).turned(turn)
