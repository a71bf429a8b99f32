"""Haze is what hangs in the open before the work area; what was captured there, or stands elsewhere, stays."""

import numpy as np
import pytest

from runtime.bound.task import Area
from runtime.sim.twin.haze import FAR_M, far_from_points, in_sight

CAMERA = np.array((0.56, 0.22, 0.40))
AREA = Area()
TARGET = np.array((AREA.center_x_m, 0.0, 0.0))


@pytest.mark.parametrize("share", [0.3, 0.5, 0.8])
def test_between_camera_and_area_is_in_sight(share: float) -> None:
    assert in_sight((CAMERA + share * (TARGET - CAMERA))[None], CAMERA, AREA).all()


def test_the_support_and_what_stands_elsewhere_are_not() -> None:
    elsewhere = np.array(((TARGET), (AREA.center_x_m, 0.9, 0.1), (-0.6, 0.0, 0.1), (0.2, 0.0, 1.5)))
    assert not in_sight(elsewhere, CAMERA, AREA).any()


def test_a_cloud_around_the_camera_is() -> None:
    assert in_sight((CAMERA + np.array((0.05, 0.05, 0.02)))[None], CAMERA, AREA).all()


def test_near_a_captured_point_nothing_is_adrift() -> None:
    points = np.zeros((1, 3))
    means = np.array(((0, 0, 0.9 * FAR_M), (0, 0, 1.1 * FAR_M)))
    assert far_from_points(means, points).tolist() == [False, True]
