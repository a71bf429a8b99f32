"""Boxes that people name are turned as they say, and what is to go is what they mean."""

import numpy as np
import pytest

from runtime.bound.region import Region
from runtime.bound.task import Area
from runtime.problem import InputError
from runtime.sim.pixels.camera import Camera, look_at
from runtime.sim.twin.clearing import Clearing, emptied

BAR = Region(center_m=(1.0, 0.0, 0.1), size_m=(0.4, 0.1, 0.2), yaw_deg=90)
ALONG, ACROSS, ABOVE = (1.0, 0.15, 0.1), (1.15, 0.0, 0.1), (1.0, 0.0, 0.25)
POINTS = np.array((ALONG, ACROSS, ABOVE))


def test_a_turned_box_holds_what_lies_along_it() -> None:
    assert Clearing([BAR]).goes(POINTS).tolist() == [True, False, False]
    assert Clearing((), BAR).goes(POINTS).tolist() == [False, True, True]
    assert Clearing([BAR], BAR).goes(POINTS).all()
    assert not Clearing().goes(POINTS).any()


def test_a_box_that_holds_nothing_is_a_mistake_at_its_place() -> None:
    Clearing([BAR]).check(POINTS)
    with pytest.raises(InputError) as caught:
        Clearing([BAR, BAR.model_copy(update={"center_m": (0.0, 9.0, 0.0)})]).check(POINTS)
    assert [(p.code, p.key) for p in caught.value.problems] == [("R254", "remove.1")]


def test_a_pixel_is_empty_where_nothing_is_left_or_one_looks_through_the_support() -> None:
    camera = Camera("down", 4, 1, 60.0, look_at(np.array((0.0, 0.0, 1.0)), np.array((0.3, 0.0, 0.0)), np.array((0.0, 0.0, 1.0))))
    table = -camera.position[2] / camera.rays()[..., 2]  # [1, 4]: z = 0
    before = table * (0.8, 1.0, 0.8, np.inf)  # things stand in the first and the third pixel; nothing was in the last
    after = table * (1.0, 1.0, 1.5, np.inf)
    assert emptied(before, after, camera, Area()).tolist() == [[False, False, True, False]]
    assert emptied(before, table * np.inf, camera, Area()).tolist() == [[True, True, True, False]]
