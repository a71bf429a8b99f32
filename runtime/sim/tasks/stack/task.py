"""Put a thing on top of another one: where it is put down decides whether it stays there."""

import numpy as np

from runtime.sim.parts.loose import add_thing, precise_contacts
from runtime.sim.parts.mj import Data, Model, Spec
from runtime.sim.parts.physics import Physics
from runtime.sim.parts.places import put, turned, where
from runtime.sim.parts.robot import TIP_SITE, Robot
from runtime.sim.parts.so101 import SO101
from runtime.sim.parts.start import Start, jittered_home, start_rng
from runtime.sim.parts.touch import touches_robot
from runtime.sim.tasks.draw import apart, variant, wording
from runtime.sim.tasks.kind import Moment, Reach, Seen, Term
from runtime.sim.tasks.moves import pick_and_put, ramp, sight_rad
from runtime.sim.tasks.stack.setup import Stack

OBJECTS = ("thing", "lower")
RULE_VERSION = 1  # raise it when the same motion would be judged another way
RESTS_M, STILL_M_S = 0.005, 0.05  # height error and speed below which the thing rests on the base


def add_objects(spec: Spec, task: Stack, physics: Physics) -> None:
    """Both things on free joints."""
    precise_contacts(spec)
    x = task.area.center_x_m
    add_thing(spec, OBJECTS[0], task.thing, physics, (x, -task.apart_m / 2, task.thing.height_m / 2))
    add_thing(spec, OBJECTS[1], task.base, physics, (x, task.apart_m / 2, task.base.height_m / 2))


def objects(model: Model, data: Data) -> np.ndarray:
    """Where the middles of thing and base are [2, 3]."""
    return where(model, data, OBJECTS)


def turns(model: Model, data: Data) -> np.ndarray:
    """How they are turned [2]."""
    return turned(model, data, OBJECTS)


def place(model: Model, data: Data, start: Start) -> None:
    """Put them where `start` says."""
    put(model, data, OBJECTS, start.objects_m, start.turns_rad)


def draw_start(task: Stack, index: int, purpose: str, seed: int = 0, robot: Robot = SO101) -> Start:
    """Initial state `index`: both things anywhere in the area but apart, the arm near its start pose."""
    rng = start_rng(index, purpose, seed)
    joints = jittered_home(rng, task.start_jitter_rad, robot)
    stands, base = apart(rng, task.area, task.apart_m)
    turned_by = [sight_rad(at) + rng.uniform(-task.turn_rad, task.turn_rad) for at in (stands, base)]
    chosen, settings = variant(task, "thing", rng, purpose)
    places = np.array(((*stands, chosen.height_m / 2), (*base, task.base.height_m / 2)))
    return Start(index, joints, places, np.array(turned_by), settings | wording(task, rng, purpose))


def expert(task: Stack, seen: Seen) -> Reach:
    """Pick the thing up and put it onto the base's middle, as the state asks for."""
    goal = seen.objects_m[1] + np.array((0, 0, task.base.height_m / 2))
    return pick_and_put(task.thing, seen, goal, 0.2 * task.base.width_m)


class StackJudge:
    """Success: the thing rests on the base, and the robot touches neither.

    Score: 0.3 for the tip's way to the thing, 0.3 for lifting it to the base's height, 0.4 for its way over the base.
    """

    def __init__(self, task: Stack, model: Model) -> None:
        self._task, self._model = task, model
        self._thing, self._base = (model.body(name).id for name in OBJECTS)
        self._tip, self._dof = model.site(TIP_SITE).id, int(model.body_dofadr[self._thing])
        self._first: tuple[float, float] | None = None  # distances at the start: of the tip, of the base
        self._near_m = self._carried_m = np.inf
        self._lifted_m = 0.0
        self._held = self._on_base = self._was_on_base = self._touched = False
        self.success = False

    def update(self, data: Data) -> None:
        """Take in where both are, and whether the robot touches them."""
        (place_m, base), t = objects(self._model, data), self._task
        under, top = float(place_m[2]) - t.thing.height_m / 2, float(base[2]) + t.base.height_m / 2
        near, left = float(np.linalg.norm(data.site_xpos[self._tip] - place_m)), float(np.hypot(*(place_m - base)[:2]))
        self._first = self._first or (near, left)
        self._near_m, self._lifted_m = min(self._near_m, near), max(self._lifted_m, under)
        self._held = touches_robot(self._model, data, self._thing, self._tip)
        self._touched |= self._held
        if under > 0.5 * t.base.height_m:
            self._carried_m = min(self._carried_m, left)
        self._on_base = left < t.base.width_m / 2 and abs(under - top) < RESTS_M
        self._was_on_base |= self._on_base
        still = float(np.linalg.norm(data.qvel[self._dof : self._dof + 3])) < STILL_M_S
        free = not self._held and not touches_robot(self._model, data, self._base, self._tip)
        self.success |= self._on_base and still and free

    @property
    def score(self) -> float:
        """Progress in 0..1."""
        if self.success or self._first is None:
            return float(self.success)
        near, left = self._first
        reached = 1.0 if self._touched else 1 - self._near_m / max(near, 1e-6)
        carried = 1 - min(self._carried_m / max(left, 1e-6), 1.0)
        lifted = min(self._lifted_m / self._task.base.height_m, 1.0)
        return float(np.clip(0.3 * reached + 0.3 * lifted + 0.4 * carried, 0.0, 0.99))

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


def tip_to_thing_exp_5cm(now: Moment[Stack]) -> float:
    """1 with the tip in the thing's middle, falling to 1/e at 5 cm from it."""
    return float(np.exp(-np.linalg.norm(now.tip_m - now.objects_m[0]) / 0.05))


def lifted_ramp_3cm(now: Moment[Stack]) -> float:
    """0 with the thing on the support, 1 from 3 cm above it."""
    return ramp(float(now.objects_m[0, 2]) - now.task.thing.height_m / 2, 0.0, 0.03)


def thing_over_base_exp_10cm(now: Moment[Stack]) -> float:
    """1 with the thing over the base's middle, falling to 1/e at 10 cm from it."""
    return float(np.exp(-np.hypot(*(now.objects_m[0] - now.objects_m[1])[:2]) / 0.10))


def success_bool(now: Moment[Stack]) -> float:
    """1 once the thing rests on the base, released."""
    return float(now.judge.success)


REWARD: dict[Term, float] = {tip_to_thing_exp_5cm: 1.0, lifted_ramp_3cm: 2.0, thing_over_base_exp_10cm: 2.0, success_bool: 10.0}
