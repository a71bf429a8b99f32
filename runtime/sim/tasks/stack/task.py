"""Put a thing on top of another one: where it is put down decides whether it stays there."""

import numpy as np

from runtime.sim.parts.loose import add_thing, precise_contacts
from runtime.sim.parts.mj import Data, Model, Spec
from runtime.sim.parts.physics import Physics
from runtime.sim.parts.robot import Robot
from runtime.sim.parts.so101 import SO101
from runtime.sim.parts.start import Start
from runtime.sim.parts.touch import touches_robot
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
from runtime.sim.tasks.stack.setup import Stack

OBJECTS = ("thing", "lower")
objects, turns, place = of_bodies(OBJECTS)
segments = segments_of_carrying
RULE_VERSION = 1  # raise it when the same motion would be judged another way
RESTS_M, STILL_M_S = 0.005, 0.05  # height error and speed below which the thing rests on the base


def add_objects(spec: Spec, task: Stack, physics: Physics) -> None:
    """Both things on free joints."""
    precise_contacts(spec)
    x = task.area.center_x_m
    add_thing(spec, OBJECTS[0], task.thing, physics, (x, -task.apart_m / 2, task.thing.height_m / 2))
    add_thing(spec, OBJECTS[1], task.base, physics, (x, task.apart_m / 2, task.base.height_m / 2))


def draw_start(task: Stack, index: int, purpose: str, seed: int = 0, robot: Robot = SO101) -> Start:
    """Initial state `index`: both things anywhere in the area but apart, the arm near its start pose."""
    return draw_pair(task, index, purpose, seed, robot, task.apart_m, task.base.height_m / 2, goal_turns=True)


def expert(task: Stack, seen: Seen) -> Reach:
    """Pick the thing up and put it onto the base's middle, as the state asks for."""
    goal = seen.objects_m[1] + np.array((0, 0, task.base.height_m / 2))
    return pick_and_put(task.thing, seen, goal, 0.2 * task.base.width_m)


class StackJudge(Follower[Stack]):
    """Success: the thing rests on the base, and the robot touches neither.

    Score: 0.3 for the tip's way to the thing, 0.3 for lifting it to the base's height, 0.4 for its way over the base.
    """

    def __init__(self, task: Stack, model: Model) -> None:
        super().__init__(task, model, objects)
        self._base = model.body(OBJECTS[1]).id
        self._on_base = self._was_on_base = False

    def update(self, data: Data) -> None:
        """Take in where both are, and whether the robot touches them."""
        t = self._task
        _, base = self.follow(data)
        if self._under_m > 0.5 * t.base.height_m:
            self._carried_m = min(self._carried_m, self._left_m)
        top = float(base[2]) + t.base.height_m / 2
        self._on_base = self._left_m < t.base.width_m / 2 and abs(self._under_m - top) < RESTS_M
        self._was_on_base |= self._on_base
        free = not self._held and not touches_robot(self._model, data, self._base, self._tip)
        self.success |= self._on_base and self.slower(data, STILL_M_S) and free

    @property
    def score(self) -> float:
        """Progress in 0..1."""
        return self.progress(self._lifted_m / self._task.base.height_m)

    @property
    def failure_mode(self) -> str:
        """`never_touched`, `not_lifted`, `not_released`, `fell_off` (lay on the base), `dropped`, `not_carried` (in the hand at
        the end), or ''."""
        if self.success:
            return ""
        if self._lifted_m < 0.5 * self._task.base.height_m:
            return "not_lifted" if self._touched else "never_touched"
        if self._on_base:
            return "not_released"
        return "not_carried" if self._held else "fell_off" if self._was_on_base else "dropped"


judge = StackJudge  # a fresh one for each trial


def success_rule(task: Stack) -> dict[str, float]:
    """What success depends on besides the motion, in named units."""
    return {"version": RULE_VERSION, "base_width_m": task.base.width_m, "rests_m": RESTS_M, "still_m_per_s": STILL_M_S}


REWARD: dict[Term, float] = {tip_to_thing_exp_5cm: 1.0, lifted_ramp_3cm: 2.0, thing_to_goal_exp_10cm: 2.0, success_bool: 10.0}
