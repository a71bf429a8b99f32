"""Parts of the reward of `press_button`."""

import math

from runtime.sim.tasks.kind import Moment
from runtime.sim.tasks.press_button.setup import PressButton
from runtime.sim.tasks.press_button.task import cap_top_m
from runtime.sim.tasks.reward import Part


def _down_m(now: Moment[PressButton]) -> float:
    return -float(now.data.joint("object/press").qpos[0])


def nearness_m(now: Moment[PressButton]) -> float:
    """Less the distance of the tip from the middle of the cap's top, wherever that is."""
    x, y, z = now.objects_m[0]
    top = x, y, z + cap_top_m(now.task.button) - _down_m(now)
    return -math.dist(now.tip_m, top)


def pressed(now: Moment[PressButton]) -> float:
    """How far the cap is down, over how far it has to be; at most 1."""
    return min(max(_down_m(now) / now.task.button.press_m, 0.0), 1.0)


PARTS = {"reach": Part(nearness_m, 5.0, "m"), "press": Part(pressed, 1.0, "1")}
