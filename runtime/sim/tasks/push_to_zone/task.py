"""Push a thing over the table into a zone: contact that only pushes, and friction that decides where the thing goes."""

import numpy as np

from runtime.sim.parts.loose import add_disc, add_thing, precise_contacts
from runtime.sim.parts.mj import Data, Model, Spec
from runtime.sim.parts.physics import Physics
from runtime.sim.parts.robot import Robot
from runtime.sim.parts.so101 import SO101
from runtime.sim.parts.start import Start
from runtime.sim.tasks.kind import Reach, Seen, Segment, Term
from runtime.sim.tasks.moves import HOVER_M, SHUT_M, ramp, shut_tip, sight_rad, toward
from runtime.sim.tasks.one_thing import Follower, draw_pair, of_bodies, success_bool, thing_to_goal_exp_10cm, tip_to_thing_exp_5cm
from runtime.sim.tasks.push_to_zone.setup import PushToZone

OBJECTS = ("thing", "zone")
objects, turns, place = of_bodies(OBJECTS)
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


def draw_start(task: PushToZone, index: int, purpose: str, seed: int = 0, robot: Robot = SO101) -> Start:
    """Initial state `index`: thing and zone in the area, the zone roughly beyond the thing, the arm near its start pose."""

    def beyond(stands: np.ndarray, zone: np.ndarray) -> bool:
        way = zone - stands
        return abs(np.arctan2(way[1], way[0]) - sight_rad(stands)) <= task.zone.aside_rad

    return draw_pair(task, index, purpose, seed, robot, task.zone.apart_m, fits=beyond)


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


class PushJudge(Follower[PushToZone]):
    """Success: the thing's middle rests in the zone. Score: 0.3 for coming near the thing, 0.7 for its way to the zone."""

    def __init__(self, task: PushToZone, model: Model) -> None:
        super().__init__(task, model, objects)

    def update(self, data: Data) -> None:
        """Take in where the thing is."""
        place_m, _ = self.follow(data)
        self._carried_m = min(self._carried_m, self._left_m)
        low = place_m[2] < 0.75 * max(self._task.thing.height_m, self._task.thing.width_m)
        self.success |= self._left_m <= self._task.zone.radius_m and self.slower(data, STILL_M_S) and bool(low)

    @property
    def score(self) -> float:
        """Progress in 0..1."""
        return self.progress()

    @property
    def failure_mode(self) -> str:
        """`never_touched`, `left_the_zone` (was in it), `wrong_way` (is farther from it than at the start), `not_far_enough`,
        or ''."""
        if self.success:
            return ""
        if not self._touched or self._first is None:
            return "never_touched"
        if self._carried_m <= self._task.zone.radius_m:
            return "left_the_zone"
        return "wrong_way" if self._left_m > self._first[1] + 0.01 else "not_far_enough"


judge = PushJudge  # a fresh one for each trial


def success_rule(task: PushToZone) -> dict[str, float]:
    """What success depends on besides the motion, in named units."""
    return {"version": RULE_VERSION, "zone_radius_m": task.zone.radius_m, "still_m_per_s": STILL_M_S}


REWARD: dict[Term, float] = {tip_to_thing_exp_5cm: 1.0, thing_to_goal_exp_10cm: 2.0, success_bool: 10.0}


def segments(task: PushToZone) -> tuple[Segment, ...]:
    """Up to the thing from behind, then along the way to the zone."""
    return (Segment(0, "other"), Segment(1, "other"))
