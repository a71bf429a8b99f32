"""What kinds about one loose thing and a goal for it have in common: places, starts, what a judge follows, terms of rewards.

Their two objects are the thing, on a free joint, and the goal: a pad, a zone, another thing.
"""

from collections.abc import Callable, Sequence

import numpy as np

from runtime.bound.thing import WithThing
from runtime.sim.parts.mj import Data, Model
from runtime.sim.parts.places import put, turned, where
from runtime.sim.parts.robot import TIP_SITE, Robot
from runtime.sim.parts.start import Start, jittered_home, start_rng
from runtime.sim.parts.touch import touches_robot
from runtime.sim.tasks.draw import apart, variant, wording
from runtime.sim.tasks.kind import Moment, Segment
from runtime.sim.tasks.moves import ramp, sight_rad

type Read = Callable[[Model, Data], np.ndarray]


def of_bodies(names: Sequence[str]) -> tuple[Read, Read, Callable[[Model, Data, Start], None]]:
    """`objects`, `turns` and `place` of a kind (`runtime.sim.tasks.kind.TaskKind`) whose objects are these bodies."""

    def objects(model: Model, data: Data) -> np.ndarray:
        return where(model, data, names)

    def turns(model: Model, data: Data) -> np.ndarray:
        return turned(model, data, names)

    def place(model: Model, data: Data, start: Start) -> None:
        put(model, data, names, start.objects_m, start.turns_rad)

    return objects, turns, place


def draw_pair(
    task: WithThing,
    index: int,
    purpose: str,
    seed: int,
    robot: Robot,
    apart_m: float,
    goal_height_m: float = 0.0,
    goal_turns: bool = False,
    fits: Callable[[np.ndarray, np.ndarray], bool] = lambda stands, goal: True,
) -> Start:
    """Initial state `index`: thing and goal anywhere in the area, apart and as they fit, the arm near its start pose."""
    rng = start_rng(index, purpose, seed)
    joints = jittered_home(rng, task.start_jitter_rad, robot)
    stands, goal = apart(rng, task.area, apart_m, fits)
    turned_by = [
        sight_rad(at) + rng.uniform(-task.turn_rad, task.turn_rad) for at in ((stands, goal) if goal_turns else (stands,))
    ]
    chosen, settings = variant(task, "thing", rng, purpose)
    places = np.array(((*stands, chosen.height_m / 2), (*goal, goal_height_m)))
    return Start(index, joints, places, np.array((*turned_by, 0.0)[:2]), settings | wording(task, rng, purpose))


class Follower[T: WithThing]:
    """Follows the thing through one trial, for a judge: how near the tip came, how near the goal it is, who touches it."""

    success = False

    def __init__(self, task: T, model: Model, objects: Read) -> None:
        thing = model.body("thing").id
        self._task, self._model, self._objects = task, model, objects
        self._thing, self._tip, self._dof = thing, model.site(TIP_SITE).id, int(model.body_dofadr[thing])
        self._first: tuple[float, float] | None = None  # distances at the start: of the tip, of the goal
        self._near_m = self._left_m = self._carried_m = np.inf
        self._under_m = self._lifted_m = 0.0  # height of the thing's underside, and the greatest
        self._held = self._touched = False

    def follow(self, data: Data) -> tuple[np.ndarray, np.ndarray]:
        """Take in the state; where thing and goal are [3], [3]."""
        place_m, goal = self._objects(self._model, data)
        near = float(np.linalg.norm(data.site_xpos[self._tip] - place_m))
        self._left_m = float(np.hypot(*(place_m - goal)[:2]))
        self._first = self._first or (near, self._left_m)
        self._under_m = float(place_m[2]) - self._task.thing.height_m / 2
        self._near_m, self._lifted_m = min(self._near_m, near), max(self._lifted_m, self._under_m)
        self._held = touches_robot(self._model, data, self._thing, self._tip)
        self._touched |= self._held
        return place_m, goal

    def slower(self, data: Data, than_m_s: float) -> bool:
        """Whether the thing rests."""
        return float(np.linalg.norm(data.qvel[self._dof : self._dof + 3])) < than_m_s

    def progress(self, lifted: float | None = None) -> float:
        """Score in 0..1: 0.3 for the tip's way to the thing, the rest for the thing's way to its goal, of which 0.3 is for
        `lifted`, the share of a height that it has to be lifted by."""
        if self.success or self._first is None:
            return float(self.success)
        near, left = self._first
        reached = 1.0 if self._touched else 1 - self._near_m / max(near, 1e-6)
        carried = 1 - self._carried_m / max(left, 1e-6)
        if lifted is None:
            return float(np.clip(0.3 * reached + 0.7 * carried, 0.0, 0.99))
        return float(np.clip(0.3 * reached + 0.3 * min(lifted, 1.0) + 0.4 * max(carried, 0.0), 0.0, 0.99))


def segments_of_carrying(task: WithThing) -> tuple[Segment, ...]:
    """Take hold of the thing, a box by its sides; then carry it to its goal."""
    return (Segment(0, "turn" if task.thing.shape == "box" else "sight"), Segment(1, "sight"))


def tip_to_thing_exp_5cm(now: Moment[WithThing]) -> float:
    """1 with the tip in the thing's middle, falling to 1/e at 5 cm from it."""
    return float(np.exp(-np.linalg.norm(now.tip_m - now.objects_m[0]) / 0.05))


def lifted_ramp_3cm(now: Moment[WithThing]) -> float:
    """0 with the thing on the support, 1 from 3 cm above it."""
    return ramp(float(now.objects_m[0, 2]) - now.task.thing.height_m / 2, 0.0, 0.03)


def thing_to_goal_exp_10cm(now: Moment[WithThing]) -> float:
    """1 with the thing over the goal's middle, falling to 1/e at 10 cm from it."""
    return float(np.exp(-np.hypot(*(now.objects_m[0] - now.objects_m[1])[:2]) / 0.10))


def success_bool(now: Moment[WithThing]) -> float:
    """1 once the judge says so."""
    return float(now.judge.success)
