"""Parts of the reward of `stack`."""

from runtime.sim.tasks.kind import Moment
from runtime.sim.tasks.one_thing_reward import goal_nearness_m, lifted, nearness_m
from runtime.sim.tasks.reward import Part
from runtime.sim.tasks.stack.setup import Stack


def lifted_or_put(now: Moment[Stack]) -> float:
    """As `lifted`, with the lower thing's top as the goal."""
    return lifted(float(now.objects_m[1, 2]) + now.task.base.height_m / 2, now)


PARTS = {"reach": Part(nearness_m, 5.0, "m"), "lift": Part(lifted_or_put, 1.0, "1"), "carry": Part(goal_nearness_m, 10.0, "m")}
