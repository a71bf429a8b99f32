"""Coarse collision geometry of what stands on the support: columns over a grid, from captured points."""

import numpy as np

from runtime.bound.task import Area
from runtime.sim.parts.solid import Solid
from runtime.sim.twin.placement import in_footprint

CELL_M = 0.05
REACH_M = 0.75  # farther from the base than this nothing can be touched
LOW_M = 0.025  # lower things are noise of the support
HIGH_M = 0.6


def support_box() -> Solid:
    """The support's top as a thick slab at z = 0 that holds robot, work area and everything within reach."""
    return Solid("twin/support", "box", (0.2, 0.0, -0.05), (REACH_M + 0.3, REACH_M + 0.3, 0.05))


def columns(points: np.ndarray, area: Area, fewest: int = 3) -> list[Solid]:
    """Boxes from the support up to the 90th percentile of the points over each grid cell, runs along x joined.

    Args:
        points: captured points in the base frame, metres. [N, 3]
        area: the task's area; points in the robot's way are left out, since it has to stand there.
        fewest: cells with fewer points are empty.
    """
    reachable = np.linalg.norm(points[:, :2], axis=1) < REACH_M
    standing = (points[:, 2] > LOW_M) & (points[:, 2] < HIGH_M) & reachable & ~in_footprint(points, area)
    kept = points[standing]
    cells: dict[tuple[int, int], list[float]] = {}
    for (ix, iy), z in zip(np.floor(kept[:, :2] / CELL_M).astype(int), kept[:, 2], strict=True):
        cells.setdefault((int(ix), int(iy)), []).append(float(z))
    heights = {cell: float(np.percentile(z, 90)) for cell, z in cells.items() if len(z) >= fewest}
    solids: list[Solid] = []
    for (ix, iy), height in sorted(heights.items(), key=lambda item: (item[0][1], item[0][0])):
        if (ix - 1, iy) in heights and abs(heights[ix - 1, iy] - height) < 0.03:
            continue  # part of a run that began to the left
        length, top = 1, height
        while (ix + length, iy) in heights and abs(heights[ix + length, iy] - heights[ix + length - 1, iy]) < 0.03:
            top = max(top, heights[ix + length, iy])
            length += 1
        center = ((ix + length / 2) * CELL_M, (iy + 0.5) * CELL_M, top / 2)
        solids.append(Solid(f"twin/column/{len(solids)}", "box", center, (length * CELL_M / 2, CELL_M / 2, top / 2)))
    return solids
