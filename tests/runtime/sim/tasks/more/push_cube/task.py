"""Push a cube on the table: an object on a free joint, and a gripper that moves."""

import numpy as np

from runtime.sim.parts.mj import Data, Model, Spec, mujoco
from runtime.sim.parts.physics import Physics
from runtime.sim.parts.places import put, turned, where
from runtime.sim.parts.robot import FOREGROUND_GROUP, LOOSE_BITS, Robot
from runtime.sim.parts.so101 import SO101
from runtime.sim.parts.start import Start, jittered_home, start_rng
from runtime.sim.tasks.kind import Moment, Reach, Seen, Term

from .setup import PushCube

OBJECTS = ("cube",)
OPEN_M, SHUT_M = 0.045, 0.012
HOVER_M, ASIDE_M, AWAY_M = 0.09, 0.012, 0.030
PUSH_M_S, MOVE_M_S = 0.10, 0.20


def add_objects(spec: Spec, task: PushCube, physics: Physics) -> None:
    """A cube on a free joint."""
    half = task.cube.edge_m / 2
    body = spec.worldbody.add_body(name=OBJECTS[0], pos=(task.area.center_x_m, 0, half))
    body.add_freejoint(name="cube/free")
    body.add_geom(
        name="cube/box",
        type=mujoco.mjtGeom.mjGEOM_BOX,
        size=(half, half, half),
        mass=task.cube.mass_kg * physics.mass_scale,
        rgba=(0.1, 0.3, 0.8, 1),
        friction=(physics.friction, 0.005, 0.0001),
        group=FOREGROUND_GROUP,
        **LOOSE_BITS,
    )


def objects(model: Model, data: Data) -> np.ndarray:
    """Where the cube's middle is [1, 3]."""
    return where(model, data, OBJECTS)


def turns(model: Model, data: Data) -> np.ndarray:
    """How the cube is turned [1]."""
    return turned(model, data, OBJECTS)


def place(model: Model, data: Data, start: Start) -> None:
    """Let the cube begin where `start` says."""
    put(model, data, OBJECTS, start.objects_m)


def draw_start(task: PushCube, index: int, purpose: str, seed: int = 0, robot: Robot = SO101) -> Start:
    """Initial state `index`: the cube in the air over the nearer half of the area."""
    rng = start_rng(index, purpose, seed)
    x = task.area.center_x_m - rng.uniform(0, task.area.half_x_m / 2)
    y = rng.uniform(-task.area.half_y_m, task.area.half_y_m) / 2
    return Start(
        index, jittered_home(rng, task.start_jitter_rad, robot), np.array([(x, y, task.cube.edge_m / 2 + task.cube.drop_m)])
    )


def expert(task: PushCube, seen: Seen) -> Reach:
    """Between robot and cube with the gripper open, down, and forward with it shut."""
    tip, cube = seen.tip_m, seen.objects_m[0]
    behind = cube[:2] - (task.cube.edge_m / 2 + AWAY_M, 0)
    aside = float(np.hypot(*(behind - tip[:2])))
    in_line = abs(tip[1] - cube[1]) < ASIDE_M and tip[0] < cube[0]
    low = tip[2] < task.cube.edge_m * 1.2
    if in_line and low:
        return Reach(np.array((tip[0] + PUSH_M_S * seen.step_s, cube[1], task.cube.edge_m * 0.7)), SHUT_M)
    step = MOVE_M_S * seen.step_s
    sideways = tip[:2] + (behind - tip[:2]) * min(1.0, step / max(aside, 1e-6))
    height = task.cube.edge_m * 0.7 if aside < ASIDE_M else HOVER_M
    return Reach(np.array((*sideways, tip[2] + np.clip(height - tip[2], -step, step))), OPEN_M)


class PushJudge:
    """Success: the cube lies `push_m` farther from the robot than it began. Score: the share of that."""

    def __init__(self, task: PushCube, model: Model) -> None:
        self._model, self._push_m = model, task.push_m
        self._start_m: float | None = None
        self._gone_m = 0.0

    def update(self, data: Data) -> None:
        """Take in where the cube is."""
        x = float(objects(self._model, data)[0, 0])
        self._start_m = x if self._start_m is None else self._start_m
        self._gone_m = max(self._gone_m, x - self._start_m)

    @property
    def success(self) -> bool:
        """Whether it went far enough."""
        return self._gone_m >= self._push_m

    @property
    def score(self) -> float:
        """Progress in 0..1."""
        return 1.0 if self.success else 0.99 * self._gone_m / self._push_m

    @property
    def failure_mode(self) -> str:
        """`never_touched`, `not_far_enough`, or ''."""
        return "" if self.success else "not_far_enough" if self._gone_m > 0.002 else "never_touched"


judge = PushJudge


def success_rule(task: PushCube) -> dict[str, float]:
    """How far is far enough, of how large a cube."""
    return {"version": 1, "push_m": task.push_m, "edge_m": task.cube.edge_m}


def tip_to_cube_exp_5cm(now: Moment[PushCube]) -> float:
    """1 with the tip at the cube's middle, falling to 1/e at 5 cm from it."""
    return float(np.exp(-np.linalg.norm(now.tip_m - now.objects_m[0]) / 0.05))


REWARD: dict[Term, float] = {tip_to_cube_exp_5cm: 1.0}
