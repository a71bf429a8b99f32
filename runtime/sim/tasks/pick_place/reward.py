"""Parts of the reward of `pick_place`."""

from runtime.sim.tasks.kind import Moment
from runtime.sim.tasks.one_thing_reward import goal_nearness_m, lifted, nearness_m
from runtime.sim.tasks.pick_place.setup import PickPlace
from runtime.sim.tasks.reward import Part


def lifted_or_put(now: Moment[PickPlace]) -> float:
    """As `lifted`, with the pad's top as the goal."""
    return lifted(now.task.pad.height_m, now)


PARTS = {"reach": Part(nearness_m, 5.0, "m"), "lift": Part(lifted_or_put, 1.0, "1"), "carry": Part(goal_nearness_m, 10.0, "m")}
