"""Where to stand the robot: free room on the support for its base and its work area."""

import numpy as np

from runtime.bound.task import Area

OBSTACLE_LOW_M, OBSTACLE_HIGH_M = 0.02, 0.45  # heights above the support at which a point is in the way
BASE_BACK_M = 0.10  # room behind the base's origin
MARGIN_M = 0.07  # room around the work area
SEARCH_M, STEP_M = 0.56, 0.08  # how far from the middle of the support, and how finely, places are tried


def footprint(area: Area) -> tuple[np.ndarray, np.ndarray]:
    """Corners (low [2], high [2]) of the room that robot and task need, in the base frame, metres."""
    high_x = area.center_x_m + area.half_x_m + MARGIN_M
    return np.array((-BASE_BACK_M, -area.half_y_m - MARGIN_M)), np.array((high_x, area.half_y_m + MARGIN_M))


def in_footprint(points: np.ndarray, area: Area) -> np.ndarray:
    """Which points [N, 3] of the base frame stand in the robot's way: bool [N]."""
    low, high = footprint(area)
    inside = np.all((points[:, :2] > low) & (points[:, :2] < high), axis=1)
    return inside & (points[:, 2] > OBSTACLE_LOW_M) & (points[:, 2] < OBSTACLE_HIGH_M)


def placements(points: np.ndarray, half_extent_m: np.ndarray, area: Area, count: int, directions: int = 16) -> list[np.ndarray]:
    """Base frames [4, 4] in the support frame, those with the fewest points in the way first.

    Args:
        points: what was captured, [N, 3] in the support frame (z up from the support), metres.
        half_extent_m: half size of the support along its x and y, metres. [2]
        area: the task's work area, in the base frame.
        count: how many are wanted.
        directions: how many headings are tried.

    The middle of the work area is tried at the middle of the support and up to half a metre beyond its half extent: a
    bare table shows few points, so its extent is often underestimated. Standing clear counts most, then standing on
    what is known to be support, then being near its middle.
    """
    low, high = footprint(area)
    corners = np.array([(x, y) for x in (low[0], high[0]) for y in (low[1], high[1])])
    steps = np.arange(-SEARCH_M, SEARCH_M + 1e-9, STEP_M)
    grid = np.array([(x, y) for x in steps for y in steps if np.hypot(x, y) <= SEARCH_M])
    near = points[(points[:, 2] > OBSTACLE_LOW_M) & (points[:, 2] < OBSTACLE_HIGH_M)]
    found: list[tuple[float, np.ndarray]] = []
    for k in range(directions):
        yaw = 2 * np.pi * k / directions
        turn = np.array(((np.cos(yaw), -np.sin(yaw)), (np.sin(yaw), np.cos(yaw))))
        for middle in grid:
            base = middle - turn @ (area.center_x_m, 0.0)
            local = (near[:, :2] - base) @ turn
            blocked = np.count_nonzero(np.all((local > low) & (local < high), axis=1))
            overhang = np.maximum(np.abs(corners @ turn.T + base) - half_extent_m, 0.0).max()
            cost = 2000.0 * blocked / max(len(points), 1) + 20.0 * overhang + np.hypot(*middle) + 1e-6 * k
            frame = np.eye(4)
            frame[:2, :2], frame[:2, 3] = turn, base
            found.append((cost, frame))
    found.sort(key=lambda pair: pair[0])
    return [frame for _, frame in found[:count]]
