"""Parts of rewards that kinds about one loose thing and a goal have in common."""

import math

from runtime.bound.thing import WithThing
from runtime.sim.tasks.kind import Moment
from runtime.sim.tasks.moves import ramp

LIFT_M = 0.03


def nearness_m(now: Moment[WithThing]) -> float:
    """Less the distance of the tip from the thing's middle."""
    return -math.dist(now.tip_m, now.objects_m[0])


def lifted(goal_height_m: float, now: Moment[WithThing]) -> float:
    """How high the thing is, of 3 cm above the support, or how near its goal, of the last 3 cm: so putting it down there costs
    nothing."""
    thing, goal = now.objects_m
    rest = now.task.thing.height_m / 2
    put = math.dist(thing, (*goal[:2], goal_height_m + rest))
    return max(ramp(float(thing[2]) - rest, 0.0, LIFT_M), 1 - ramp(put, 0.0, LIFT_M))


def goal_nearness_m(now: Moment[WithThing]) -> float:
    """Less the distance of the thing from the goal's middle, over the support."""
    return -math.dist(now.objects_m[0, :2], now.objects_m[1, :2])
