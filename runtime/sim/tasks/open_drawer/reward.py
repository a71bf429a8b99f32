"""Parts of the reward of `open_drawer`."""

import math

from runtime.sim.tasks.kind import Moment
from runtime.sim.tasks.open_drawer.setup import OpenDrawer
from runtime.sim.tasks.reward import Part


def nearness_m(now: Moment[OpenDrawer]) -> float:
    """Less the distance of the tip from the middle of the handle."""
    return -math.dist(now.tip_m, now.objects_m[1])


def drawn(now: Moment[OpenDrawer]) -> float:
    """How far the drawer is open, over how far it has to be; at most 1."""
    return min(max(float(now.data.joint("chest/slide").qpos[0]) / now.task.open_m, 0.0), 1.0)


PARTS = {"reach": Part(nearness_m, 5.0, "m"), "draw": Part(drawn, 2.0, "1")}
