"""Open a drawer: a finger goes behind the handle, and a joint that is not the robot's lets it move one way only."""

import numpy as np

from runtime.sim.parts.loose import RGB, precise_contacts, touch
from runtime.sim.parts.mj import Body, Data, Model, Spec, mujoco
from runtime.sim.parts.physics import Physics
from runtime.sim.parts.places import put, turned, where
from runtime.sim.parts.robot import FOREGROUND_GROUP, TIP_SITE, WORLD_BITS, Robot, Vector
from runtime.sim.parts.so101 import SO101
from runtime.sim.parts.start import Start, jittered_home, start_rng
from runtime.sim.parts.touch import touches_robot
from runtime.sim.tasks.draw import variant, wording
from runtime.sim.tasks.kind import Moment, Reach, Seen, Segment, Term
from runtime.sim.tasks.moves import SHUT_M, ramp, shut_tip, sight_rad, toward
from runtime.sim.tasks.open_drawer.setup import OpenDrawer

OBJECTS = ("chest",)
DRAWER, HANDLE = "chest/drawer", "chest/handle"
RULE_VERSION = 1  # raise it when the same motion would be judged another way
WALL_M, BAR_M = 0.005, 0.004  # thickness of walls, radius of the bar
NOMINAL_FRICTION = 0.8
BELOW_M, ABOVE_M = 0.014, 0.035  # heights of the tip below the bar while it pulls, above it on the way there
PULL_M_S = 0.09
ALIGNED_M, LOST_M = 0.005, 0.011  # sideways errors below which the expert goes down, above which up


def add_objects(spec: Spec, task: OpenDrawer, physics: Physics) -> None:
    """The chest as a mocap body whose place is the foot of its front's middle, its x axis away from the robot; the drawer on a
    slide joint."""
    precise_contacts(spec)
    d = task.drawer
    chest = spec.worldbody.add_body(name=OBJECTS[0], mocap=True, pos=(task.area.center_x_m, 0, 0))
    w, h, depth, t = d.width_m / 2, d.height_m, d.depth_m, WALL_M
    paint, front = RGB[d.color], tuple(0.75 * c for c in RGB[d.color])
    for name, low, high in (
        ("left", (0, w - t, 0), (depth, w, h)),
        ("right", (0, -w, 0), (depth, t - w, h)),
        ("top", (0, t - w, h - t), (depth, w - t, h)),
        ("back", (depth - t, t - w, 0), (depth, w - t, h - t)),
    ):
        _wall(chest, f"chest/{name}", low, high, paint, physics)
    drawer = chest.add_body(name=DRAWER)
    drawer.add_joint(
        name="chest/slide",
        type=mujoco.mjtJoint.mjJNT_SLIDE,
        axis=(-1, 0, 0),
        range=(0, d.travel_m),
        limited=mujoco.mjtLimited.mjLIMITED_TRUE,
        stiffness=d.stiffness_n_per_m * physics.stiffness_scale,
        frictionloss=d.drag_n * physics.friction / NOMINAL_FRICTION,
        damping=2.0,
    )
    drawer.explicitinertial, drawer.mass, drawer.ipos = True, d.mass_kg * physics.mass_scale, (0.02, 0, h / 3)
    drawer.inertia = (1e-4, 1e-4, 1e-4)
    _wall(drawer, "chest/front", (-t, t - w, 0.002), (0, w - t, h - t), front, physics)
    _wall(drawer, "chest/floor", (0, t - w, 0.002), (depth - 2 * t, w - t, 0.006), front, physics)
    x, y, z = -t - d.standoff_m, d.handle_m / 2, d.handle_height_m
    for name, side in (("near", 1), ("far", -1)):
        _wall(
            drawer,
            f"chest/{name}",
            (x, side * y - BAR_M, z - BAR_M),
            (-t, side * y + BAR_M, z + BAR_M),
            RGB[d.handle_color],
            physics,
        )
    drawer.add_geom(
        name="chest/bar",
        type=mujoco.mjtGeom.mjGEOM_CAPSULE,
        fromto=(x, -y, z, x, y, z),
        size=(BAR_M, 0, 0),
        rgba=(*RGB[d.handle_color], 1),
        group=FOREGROUND_GROUP,
        **touch(physics),
        **WORLD_BITS,
    )
    drawer.add_site(name=HANDLE, pos=(x, 0, z))


def _wall(body: Body, name: str, low: Vector, high: Vector, rgb: tuple[float, ...], physics: Physics) -> None:
    middle, half = (np.array(low) + high) / 2, (np.array(high) - low) / 2
    solid = {**touch(physics), **WORLD_BITS, "group": FOREGROUND_GROUP, "rgba": (*rgb, 1)}
    body.add_geom(name=name, type=mujoco.mjtGeom.mjGEOM_BOX, pos=middle, size=half, **solid)


def objects(model: Model, data: Data) -> np.ndarray:
    """Where the chest's front stands, and where the middle of the handle is [2, 3]."""
    return np.concatenate((where(model, data, OBJECTS), data.site(HANDLE).xpos[None]))


def turns(model: Model, data: Data) -> np.ndarray:
    """How the chest and its handle are turned [2]."""
    return np.repeat(turned(model, data, OBJECTS), 2)


def place(model: Model, data: Data, start: Start) -> None:
    """Stand the chest where `start` says."""
    put(model, data, OBJECTS, start.objects_m, start.turns_rad)


def draw_start(task: OpenDrawer, index: int, purpose: str, seed: int = 0, robot: Robot = SO101) -> Start:
    """Initial state `index`: the chest's front anywhere in the area, the drawer shut, the arm near its start pose."""
    rng = start_rng(index, purpose, seed)
    joints = jittered_home(rng, task.start_jitter_rad, robot)
    a = task.area
    stands = np.array((a.center_x_m + rng.uniform(-a.half_x_m, a.half_x_m), rng.uniform(-a.half_y_m, a.half_y_m), 0.0))
    turn = sight_rad(stands) + rng.uniform(-task.turn_rad, task.turn_rad)
    _, settings = variant(task, "drawer", rng, purpose)
    return Start(index, joints, stands[None], np.array((turn,)), settings | wording(task, rng, purpose))


def expert(task: OpenDrawer, seen: Seen) -> Reach:
    """Over the room behind the bar with the fingers shut side by side, down, and back toward the robot; up when it slips out."""
    bar, tip, yaw = seen.objects_m[1], seen.tip_m, float(seen.turns_rad[1])
    away, left = np.array((np.cos(yaw), np.sin(yaw))), np.array((-np.sin(yaw), np.cos(yaw)))
    turn, d = yaw + np.pi / 2, task.drawer
    middle = bar[:2] + away * (d.standoff_m + BAR_M) / 2  # of that room
    behind = shut_tip(seen.fingers, middle, turn)
    off = tip[:2] - behind
    along, aside = float(off @ away), float(off @ left)
    low = bar[2] - BELOW_M + seen.fingers.beyond(SHUT_M)
    if abs(along) < 0.5 * d.standoff_m and abs(aside) < 0.5 * (d.handle_m - 0.04) and tip[2] < low + BELOW_M - 0.004:
        to = tip[:2] - away * PULL_M_S * seen.step_s - 0.5 * aside * left
        return Reach(toward(tip, to, low, seen.step_s), SHUT_M, turn)
    aimed = ramp(float(np.hypot(*off)), LOST_M, ALIGNED_M)
    return Reach(toward(tip, behind, low + (1 - aimed) * (BELOW_M + ABOVE_M), seen.step_s), SHUT_M, turn)


class DrawerJudge:
    """Success: the drawer has been drawn out by `open_m`. Score: 0.4 for coming to the handle, 0.6 for drawing it out."""

    def __init__(self, task: OpenDrawer, model: Model) -> None:
        self._task, self._model = task, model
        self._qpos = int(model.joint("chest/slide").qposadr[0])
        self._bodies = [model.body(name).id for name in (OBJECTS[0], DRAWER)]
        self._tip = model.site(TIP_SITE).id
        self._start_m: float | None = None
        self._near_m = np.inf
        self._open_m = self._most_m = 0.0
        self._touched = False

    def update(self, data: Data) -> None:
        """Take in how far the drawer is open, and who touches it."""
        near = float(np.linalg.norm(data.site_xpos[self._tip] - data.site(HANDLE).xpos))
        self._start_m = near if self._start_m is None else self._start_m
        self._near_m, self._open_m = min(self._near_m, near), float(data.qpos[self._qpos])
        self._most_m = max(self._most_m, self._open_m)
        self._touched |= any(touches_robot(self._model, data, body, self._tip) for body in self._bodies)

    @property
    def success(self) -> bool:
        """Whether the drawer has been drawn out far enough."""
        return self._most_m >= self._task.open_m

    @property
    def score(self) -> float:
        """Progress in 0..1."""
        if self.success or self._start_m is None:
            return float(self.success)
        reached = 1.0 if self._touched else 1 - self._near_m / max(self._start_m, 1e-6)
        return float(np.clip(0.4 * reached + 0.6 * self._most_m / self._task.open_m, 0.0, 0.99))

    @property
    def failure_mode(self) -> str:
        """`never_touched`, `not_hooked` (touched, hardly moved), `slipped` (went back), `not_far_enough`, or ''."""
        if self.success:
            return ""
        if not self._touched:
            return "never_touched"
        if self._most_m < 0.005:
            return "not_hooked"
        return "slipped" if self._open_m < self._most_m - 0.005 else "not_far_enough"


judge = DrawerJudge  # a fresh one for each trial


def success_rule(task: OpenDrawer) -> dict[str, float]:
    """What success depends on besides the motion, in named units."""
    return {"version": RULE_VERSION, "open_m": task.open_m}


def tip_to_handle_exp_5cm(now: Moment[OpenDrawer]) -> float:
    """1 with the tip at the handle, falling to 1/e at 5 cm from it."""
    return float(np.exp(-np.linalg.norm(now.tip_m - now.objects_m[1]) / 0.05))


def drawn_ramp_5cm(now: Moment[OpenDrawer]) -> float:
    """0 with the drawer shut, 1 from 5 cm."""
    return ramp(float(now.data.joint("chest/slide").qpos[0]), 0.0, 0.05)


def success_bool(now: Moment[OpenDrawer]) -> float:
    """1 once the drawer has been drawn out far enough."""
    return float(now.judge.success)


REWARD: dict[Term, float] = {tip_to_handle_exp_5cm: 1.0, drawn_ramp_5cm: 2.0, success_bool: 10.0}


def segments(task: OpenDrawer) -> tuple[Segment, ...]:
    """Handle and way of the drawer turn with the chest."""
    return (Segment(0, "turn"),)
