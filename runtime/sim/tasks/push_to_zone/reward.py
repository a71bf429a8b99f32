"""Parts of the reward of `push_to_zone`."""

from runtime.sim.tasks.one_thing_reward import goal_nearness_m, nearness_m
from runtime.sim.tasks.reward import Part

PARTS = {"reach": Part(nearness_m, 5.0, "m"), "push": Part(goal_nearness_m, 20.0, "m")}
