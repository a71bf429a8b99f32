"""Push a thing over the table into a zone: contact that only pushes, and friction that decides where the thing goes."""

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
from runtime.sim.tasks.moves import HOVER_M, SHUT_M, ramp, shut_tip, sight_rad, toward
from runtime.sim.tasks.push_to_zone.setup import PushToZone

OBJECTS = ("thing", "zone")
RULE_VERSION = 1  # raise it when the same motion would be judged another way
ZONE_RGB = (0.85, 0.75, 0.15)
ZONE_HEIGHT_M = 0.001
BEHIND_M = 0.016  # room between fingers and thing where the hand goes down
LOW_M = 0.010  # height of the tip while it pushes
PUSH_SHARE = 0.5  # of full speed
STILL_M_S = 0.03  # slower than this, a thing in the zone stays there
ALIGNED_M, LOST_M = 0.006, 0.016  # sideways errors below which the expert goes down or pushes, above which up


def add_objects(spec: Spec, task: PushToZone, physics: Physics) -> None:
    """The thing on a free joint; the zone as a mocap body that nothing collides with."""
    precise_contacts(spec)
    add_thing(spec, OBJECTS[0], task.thing, physics, (task.area.center_x_m, 0.0, task.thing.height_m / 2))
    add_disc(spec, OBJECTS[1], task.zone.radius_m, ZONE_HEIGHT_M, ZONE_RGB)


def objects(model: Model, data: Data) -> np.ndarray:
    """Where the middles of thing and zone are [2, 3]."""
    return where(model, data, OBJECTS)


def turns(model: Model, data: Data) -> np.ndarray:
    """How they are turned [2]."""
    return turned(model, data, OBJECTS)


def place(model: Model, data: Data, start: Start) -> None:
    """Put them where `start` says."""
    put(model, data, OBJECTS, start.objects_m, start.turns_rad)


def draw_start(task: PushToZone, index: int, purpose: str, seed: int = 0, robot: Robot = SO101) -> Start:
    """Initial state `index`: thing and zone in the area, the zone roughly beyond the thing, the arm near its start pose."""
    rng = start_rng(index, purpose, seed)
    joints = jittered_home(rng, task.start_jitter_rad, robot)

    def beyond(stands: np.ndarray, zone: np.ndarray) -> bool:
        way = zone - stands
        return abs(np.arctan2(way[1], way[0]) - sight_rad(stands)) <= task.zone.aside_rad

    stands, zone = apart(rng, task.area, task.zone.apart_m, beyond)
    chosen, settings = variant(task, "thing", rng, purpose)
    turn = sight_rad(stands) + rng.uniform(-task.turn_rad, task.turn_rad)
    places = np.array(((*stands, chosen.height_m / 2), (*zone, 0.0)))
    return Start(index, joints, places, np.array((turn, 0.0)), settings | wording(task, rng, purpose))


def expert(task: PushToZone, seen: Seen) -> Reach:
    """Behind the thing, seen from the zone, with the fingers shut and across the way; down; then push, staying behind it."""
    thing, zone = seen.objects_m[:, :2]
    tip, step_s, hand = seen.tip_m, seen.step_s, seen.fingers
    low = LOW_M + hand.beyond(SHUT_M)
    way = zone - thing
    left = float(np.hypot(*way))
    ahead = way / max(left, 1e-6)
    turn = float(np.arctan2(ahead[1], ahead[0])) + np.pi / 2
    wide = task.thing.width_m / 2 * (1.2 if task.thing.shape == "box" else 1.0)
    behind = shut_tip(hand, thing - ahead * (wide + hand.thick_m + BEHIND_M), turn)  # where the hand goes down
    off = tip[:2] - behind
    along, aside = float(off @ ahead), float(off @ (-ahead[1], ahead[0]))
    if left < 0.35 * task.zone.radius_m:  # it is there: leave
        return Reach(toward(tip, behind, tip[2] + HOVER_M, step_s), SHUT_M, turn)
    in_line = -0.02 < along < BEHIND_M + 0.5 * task.thing.width_m and abs(aside) < LOST_M
    if in_line and tip[2] < low + 0.008:
        share = PUSH_SHARE * ramp(abs(aside), LOST_M, ALIGNED_M) * max(0.4, ramp(left, 0.0, 0.03))
        to = tip[:2] + ahead * share * 0.2 * step_s - 0.6 * aside * np.array((-ahead[1], ahead[0]))
        return Reach(toward(tip, to, low, step_s), SHUT_M, turn)
    aimed = ramp(float(np.hypot(*off)), LOST_M, ALIGNED_M)
    near = abs(along) < 0.05 and abs(aside) < 0.05
    high = HOVER_M + (0.0 if near else 0.5 * task.thing.height_m)
    return Reach(toward(tip, behind, low + (1 - aimed) * high, step_s), SHUT_M, turn)


class PushJudge:
    """Success: the thing's middle rests in the zone. Score: 0.3 for coming near the thing, 0.7 for its way to the zone."""

    def __init__(self, task: PushToZone, model: Model) -> None:
        self._task, self._model = task, model
        self._thing, self._tip = model.body(OBJECTS[0]).id, model.site(TIP_SITE).id
        self._dof = int(model.body_dofadr[self._thing])
        self._first: tuple[float, float] | None = None  # distances at the start: of the tip, of the zone
        self._near_m = self._left_m = self._least_m = np.inf
        self._touched = False
        self.success = False

    def update(self, data: Data) -> None:
        """Take in where the thing is."""
        place_m, zone = objects(self._model, data)
        near, self._left_m = float(np.linalg.norm(data.site_xpos[self._tip] - place_m)), float(np.hypot(*(place_m - zone)[:2]))
        self._first = self._first or (near, self._left_m)
        self._near_m, self._least_m = min(self._near_m, near), min(self._least_m, self._left_m)
        self._touched |= touches_robot(self._model, data, self._thing, self._tip)
        still = float(np.linalg.norm(data.qvel[self._dof : self._dof + 3])) < STILL_M_S
        low = place_m[2] < 0.75 * max(self._task.thing.height_m, self._task.thing.width_m)
        self.success |= self._left_m <= self._task.zone.radius_m and still and bool(low)

    @property
    def score(self) -> float:
        """Progress in 0..1."""
        if self.success or self._first is None:
            return float(self.success)
        near, left = self._first
        reached = 1.0 if self._touched else 1 - self._near_m / max(near, 1e-6)
        return float(np.clip(0.3 * reached + 0.7 * (1 - self._least_m / max(left, 1e-6)), 0.0, 0.99))

    @property
    def failure_mode(self) -> str:
        """`never_touched`, `left_the_zone` (was in it), `wrong_way` (is farther from it than at the start), `not_far_enough`,
        or ''."""
        if self.success:
            return ""
        if not self._touched or self._first is None:
            return "never_touched"
        if self._least_m <= self._task.zone.radius_m:
            return "left_the_zone"
        return "wrong_way" if self._left_m > self._first[1] + 0.01 else "not_far_enough"


judge = PushJudge  # a fresh one for each trial


def success_rule(task: PushToZone) -> dict[str, float]:
    """What success depends on besides the motion, in named units."""
    return {"version": RULE_VERSION, "zone_radius_m": task.zone.radius_m, "still_m_per_s": STILL_M_S}


def tip_to_thing_exp_5cm(now: Moment[PushToZone]) -> float:
    """1 with the tip in the thing's middle, falling to 1/e at 5 cm from it."""
    return float(np.exp(-np.linalg.norm(now.tip_m - now.objects_m[0]) / 0.05))


def thing_to_zone_exp_10cm(now: Moment[PushToZone]) -> float:
    """1 with the thing in the zone's middle, falling to 1/e at 10 cm from it."""
    return float(np.exp(-np.hypot(*(now.objects_m[0] - now.objects_m[1])[:2]) / 0.10))


def success_bool(now: Moment[PushToZone]) -> float:
    """1 once the thing rests in the zone."""
    return float(now.judge.success)


REWARD: dict[Term, float] = {tip_to_thing_exp_5cm: 1.0, thing_to_zone_exp_10cm: 2.0, success_bool: 10.0}
