"""Haze: Gaussians that hang between the robot's camera and its work area where nothing was captured.

A splat is only held to its photos; seen from elsewhere, what floats in the open hides the robot. Where robot and task
stand was found free of captured points, so a Gaussian on the line of sight there, far from every captured point, is no
object.
"""

import numpy as np
from scipy.spatial import KDTree

from runtime.bound.task import Area
from runtime.sim.twin.placement import footprint

ABOVE_M = 0.03  # what is nearer to the support's plane is the support
FAR_M = 0.04  # farther than this from every captured point
MARGIN_M = 0.10  # room around the work area that has to be seen too


def far_from_points(means: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Which Gaussians [N, 3] are far from every captured point [M, 3], both in metres of one frame: bool [N]."""
    distance, _ = KDTree(points).query(means, distance_upper_bound=FAR_M)
    return ~np.isfinite(distance)


def in_sight(means: np.ndarray, camera: np.ndarray, area: Area) -> np.ndarray:
    """Which points [N, 3] of the base frame hang between a camera [3] and the work area: bool [N]."""
    height = means[:, 2]
    between = (height > ABOVE_M) & (height < camera[2] - 1e-6)
    reach = camera[2] / np.maximum(camera[2] - height, 1e-6)
    below = camera[:2] + (means[:, :2] - camera[:2]) * reach[:, None]
    low, high = footprint(area)
    over_area = np.all((below > low - MARGIN_M) & (below < high + MARGIN_M), axis=1)
    close = np.linalg.norm(means - camera, axis=1) < 0.5 * camera[2]  # a cloud around the camera itself
    return (between & over_area) | close
