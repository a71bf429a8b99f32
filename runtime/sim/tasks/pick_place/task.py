"""Pick a thing up and put it onto a pad: contacts that hold by friction alone, and a hand that turns."""

import numpy as np

from runtime.sim.parts.loose import add_disc, add_thing, precise_contacts
from runtime.sim.parts.mj import Data, Model, Spec
from runtime.sim.parts.physics import Physics
from runtime.sim.parts.robot import Robot
from runtime.sim.parts.so101 import SO101
from runtime.sim.parts.start import Start
from runtime.sim.tasks.kind import Reach, Seen, Term
from runtime.sim.tasks.moves import pick_and_put
from runtime.sim.tasks.one_thing import (
    Follower,
    draw_pair,
    lifted_ramp_3cm,
    of_bodies,
    segments_of_carrying,
    success_bool,
    thing_to_goal_exp_10cm,
    tip_to_thing_exp_5cm,
)
from runtime.sim.tasks.pick_place.setup import PickPlace

OBJECTS = ("thing", "pad")
objects, turns, place = of_bodies(OBJECTS)
segments = segments_of_carrying
RULE_VERSION = 1  # raise it when the same motion would be judged another way
PAD_RGB = (0.15, 0.35, 0.75)
RESTS_M, STILL_M_S = 0.004, 0.05  # height above the pad and speed below which a thing rests on it


def add_objects(spec: Spec, task: PickPlace, physics: Physics) -> None:
    """The thing on a free joint, the pad as a mocap body."""
    precise_contacts(spec)
    add_thing(spec, OBJECTS[0], task.thing, physics, (task.area.center_x_m, 0.0, task.thing.height_m / 2))
    add_disc(spec, OBJECTS[1], task.pad.radius_m, task.pad.height_m, PAD_RGB, physics.friction)


def draw_start(task: PickPlace, index: int, purpose: str, seed: int = 0, robot: Robot = SO101) -> Start:
    """Initial state `index`: thing and pad anywhere in the area but apart, the arm near its start pose."""
    return draw_pair(task, index, purpose, seed, robot, task.pad.apart_m)


def expert(task: PickPlace, seen: Seen) -> Reach:
    """Pick the thing up and put it onto the pad's middle, as the state asks for."""
    goal = seen.objects_m[1] + np.array((0, 0, task.pad.height_m))
    return pick_and_put(task.thing, seen, goal, 0.3 * task.pad.radius_m)


class PickJudge(Follower[PickPlace]):
    """Success: the thing, once lifted, lies on the pad and the robot has let go of it.

    Score: 0.3 for the tip's way to the thing, 0.3 for lifting it, 0.4 for the thing's way to the pad while lifted.
    """

    def __init__(self, task: PickPlace, model: Model) -> None:
        super().__init__(task, model, objects)
        self._on_pad = False

    def update(self, data: Data) -> None:
        """Take in where the thing is, and whether the robot touches it."""
        t = self._task
        self.follow(data)
        if self._lifted_m >= t.lift_m:
            self._carried_m = min(self._carried_m, self._left_m)
        self._on_pad = self._left_m <= t.pad.radius_m and self._under_m < t.pad.height_m + RESTS_M
        self.success |= self._lifted_m >= t.lift_m and self._on_pad and self.slower(data, STILL_M_S) and not self._held

    @property
    def score(self) -> float:
        """Progress in 0..1."""
        return self.progress(self._lifted_m / max(self._task.lift_m, 1e-6))

    @property
    def failure_mode(self) -> str:
        """`never_touched`, `not_lifted`, `pushed` (onto the pad, never lifted), `not_released`, `dropped` (lies beside the pad),
        `not_carried` (in the hand at the end), or ''."""
        if self.success:
            return ""
        if self._lifted_m < self._task.lift_m:
            return "never_touched" if not self._touched else "pushed" if self._on_pad else "not_lifted"
        if self._on_pad:
            return "not_released"
        return "not_carried" if self._held else "dropped"


judge = PickJudge  # a fresh one for each trial


def success_rule(task: PickPlace) -> dict[str, float]:
    """What success depends on besides the motion, in named units."""
    pad = {"pad_radius_m": task.pad.radius_m, "pad_height_m": task.pad.height_m}
    return {"version": RULE_VERSION, "lift_m": task.lift_m, "rests_m": RESTS_M, "still_m_per_s": STILL_M_S, **pad}


REWARD: dict[Term, float] = {tip_to_thing_exp_5cm: 1.0, lifted_ramp_3cm: 2.0, thing_to_goal_exp_10cm: 2.0, success_bool: 10.0}
