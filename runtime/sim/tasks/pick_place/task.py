"""Pick a thing up and put it onto a pad: contacts that hold by friction alone, and a hand that turns."""

import numpy as np

from runtime.sim.parts.loose import add_disc, add_thing, precise_contacts
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
from runtime.sim.tasks.pick_place.setup import PickPlace

OBJECTS = ("thing", "pad")
RULE_VERSION = 1  # raise it when the same motion would be judged another way
PAD_RGB = (0.15, 0.35, 0.75)
RESTS_M, STILL_M_S = 0.004, 0.05  # height above the pad and speed below which a thing rests on it


def add_objects(spec: Spec, task: PickPlace, physics: Physics) -> None:
    """The thing on a free joint, the pad as a mocap body."""
    precise_contacts(spec)
    add_thing(spec, OBJECTS[0], task.thing, physics, (task.area.center_x_m, 0.0, task.thing.height_m / 2))
    add_disc(spec, OBJECTS[1], task.pad.radius_m, task.pad.height_m, PAD_RGB, physics.friction)


def objects(model: Model, data: Data) -> np.ndarray:
    """Where the middle of the thing and the underside of the pad are [2, 3]."""
    return where(model, data, OBJECTS)


def turns(model: Model, data: Data) -> np.ndarray:
    """How they are turned [2]."""
    return turned(model, data, OBJECTS)


def place(model: Model, data: Data, start: Start) -> None:
    """Put them where `start` says."""
    put(model, data, OBJECTS, start.objects_m, start.turns_rad)


def draw_start(task: PickPlace, index: int, purpose: str, seed: int = 0, robot: Robot = SO101) -> Start:
    """Initial state `index`: thing and pad anywhere in the area but apart, the arm near its start pose."""
    rng = start_rng(index, purpose, seed)
    joints = jittered_home(rng, task.start_jitter_rad, robot)
    stands, pad = apart(rng, task.area, task.pad.apart_m)
    turn = sight_rad(stands) + rng.uniform(-task.turn_rad, task.turn_rad)
    chosen, settings = variant(task, "thing", rng, purpose)
    places = np.array(((*stands, chosen.height_m / 2), (*pad, 0.0)))
    return Start(index, joints, places, np.array((turn, 0.0)), settings | wording(task, rng, purpose))


def expert(task: PickPlace, seen: Seen) -> Reach:
    """Pick the thing up and put it onto the pad's middle, as the state asks for."""
    goal = seen.objects_m[1] + np.array((0, 0, task.pad.height_m))
    return pick_and_put(task.thing, seen, goal, 0.3 * task.pad.radius_m)


class PickJudge:
    """Success: the thing, once lifted, lies on the pad and the robot has let go of it.

    Score: 0.3 for the tip's way to the thing, 0.3 for lifting it, 0.4 for the thing's way to the pad while lifted.
    """

    def __init__(self, task: PickPlace, model: Model) -> None:
        self._task, self._model = task, model
        self._thing, self._tip = model.body(OBJECTS[0]).id, model.site(TIP_SITE).id
        self._dof = int(model.body_dofadr[self._thing])
        self._first: tuple[float, float] | None = None  # distances at the start: of the tip, of the pad
        self._near_m = self._carried_m = np.inf
        self._lifted_m = 0.0
        self._held = self._on_pad = self._touched = False
        self.success = False

    def update(self, data: Data) -> None:
        """Take in where the thing is, and whether the robot touches it."""
        (place_m, pad), t = objects(self._model, data), self._task
        under = float(place_m[2]) - t.thing.height_m / 2
        near, left = float(np.linalg.norm(data.site_xpos[self._tip] - place_m)), float(np.hypot(*(place_m[:2] - pad[:2])))
        self._first = self._first or (near, left)
        self._near_m, self._lifted_m = min(self._near_m, near), max(self._lifted_m, under)
        self._held = touches_robot(self._model, data, self._thing, self._tip)
        self._touched |= self._held
        if self._lifted_m >= t.lift_m:
            self._carried_m = min(self._carried_m, left)
        self._on_pad = left <= t.pad.radius_m and under < t.pad.height_m + RESTS_M
        still = float(np.linalg.norm(data.qvel[self._dof : self._dof + 3])) < STILL_M_S
        self.success |= self._lifted_m >= t.lift_m and self._on_pad and still and not self._held

    @property
    def score(self) -> float:
        """Progress in 0..1."""
        if self.success or self._first is None:
            return float(self.success)
        near, left = self._first
        reached = 1.0 if self._touched else 1 - self._near_m / max(near, 1e-6)
        carried = 1 - min(self._carried_m / max(left, 1e-6), 1.0)
        lifted = min(self._lifted_m / max(self._task.lift_m, 1e-6), 1.0)
        return float(np.clip(0.3 * reached + 0.3 * lifted + 0.4 * carried, 0.0, 0.99))

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


def tip_to_thing_exp_5cm(now: Moment[PickPlace]) -> float:
    """1 with the tip in the thing's middle, falling to 1/e at 5 cm from it."""
    return float(np.exp(-np.linalg.norm(now.tip_m - now.objects_m[0]) / 0.05))


def lifted_ramp_3cm(now: Moment[PickPlace]) -> float:
    """0 with the thing on the support, 1 from 3 cm above it."""
    return ramp(float(now.objects_m[0, 2]) - now.task.thing.height_m / 2, 0.0, 0.03)


def thing_to_pad_exp_10cm(now: Moment[PickPlace]) -> float:
    """1 with the thing over the pad's middle, falling to 1/e at 10 cm from it."""
    return float(np.exp(-np.hypot(*(now.objects_m[0] - now.objects_m[1])[:2]) / 0.10))


def success_bool(now: Moment[PickPlace]) -> float:
    """1 once the thing lies on the pad, released."""
    return float(now.judge.success)


REWARD: dict[Term, float] = {tip_to_thing_exp_5cm: 1.0, lifted_ramp_3cm: 2.0, thing_to_pad_exp_10cm: 2.0, success_bool: 10.0}
