"""Press a button that stands in a random place: needs eyes (where is it) and contact (push the sprung cap down)."""

import numpy as np

from runtime.sim.parts.mj import Data, Model, Spec, mujoco
from runtime.sim.parts.physics import Physics
from runtime.sim.parts.places import put, turned, where
from runtime.sim.parts.robot import FOREGROUND_GROUP, TIP_SITE, WORLD_BITS, Robot
from runtime.sim.parts.so101 import FINGER_RADIUS_M, SO101
from runtime.sim.parts.start import Start, jittered_home, start_rng
from runtime.sim.tasks.kind import Moment, Reach, Seen, Segment, Term
from runtime.sim.tasks.press_button.setup import Button, PressButton

OBJECTS = ("object",)
RULE_VERSION = 1  # raise it when the same motion would be judged another way
CAP_RGB, BASE_RGB = (0.85, 0.08, 0.08), (0.16, 0.17, 0.19)
GRAVITY_M_S2 = 9.81
HOVER_M = 0.045  # height of the tip above the cap while it moves sideways
ALIGNED_M = 0.008  # sideways error below which the expert goes down
LOST_M = 0.016  # sideways error above which it goes up again
SIDEWAYS_M_S, DOWN_M_S, UP_M_S = 0.20, 0.16, 0.20
NEAR_M = 0.06  # closer than this sideways counts as having reached the button


def cap_top_m(button: Button) -> float:
    """Height of the unpressed cap's top above the support."""
    return button.base_height_m + button.cap_height_m


def add_objects(spec: Spec, task: PressButton, physics: Physics) -> None:
    """A base as mocap body `object` and the cap on a vertical slide joint with a preloaded spring."""
    b = task.button
    mass = b.cap_mass_kg * physics.mass_scale
    stiffness = b.stiffness_n_per_m * physics.stiffness_scale
    rest_force = b.preload_n * physics.stiffness_scale + mass * GRAVITY_M_S2
    touch = {"friction": (physics.friction, 0.005, 0.0001), **WORLD_BITS}
    look = {"type": mujoco.mjtGeom.mjGEOM_CYLINDER, "group": FOREGROUND_GROUP, **touch}
    body = spec.worldbody.add_body(name=OBJECTS[0], mocap=True, pos=(task.area.center_x_m, 0, 0))
    half, size = b.base_height_m / 2, (b.base_radius_m, b.base_height_m / 2, 0)
    body.add_geom(name="object/base", size=size, pos=(0, 0, half), rgba=(*BASE_RGB, 1), **look)
    cap = body.add_body(name="object/cap_body", pos=(0, 0, b.base_height_m))
    cap.add_joint(
        name="object/press",
        type=mujoco.mjtJoint.mjJNT_SLIDE,
        axis=(0, 0, 1),
        range=(-b.travel_m, 0),
        limited=mujoco.mjtLimited.mjLIMITED_TRUE,
        stiffness=stiffness,
        springref=rest_force / stiffness,
        damping=2 * np.sqrt(stiffness * mass),
        armature=0.002,
    )
    # the cap reaches down into the base, so that pressing it leaves no gap
    half = (b.cap_height_m + b.travel_m) / 2
    size, place = (b.cap_radius_m, half, 0), (0, 0, b.cap_height_m - half)
    cap.add_geom(name="object/cap", size=size, mass=mass, pos=place, rgba=(*CAP_RGB, 1), **look)


def objects(model: Model, data: Data) -> np.ndarray:
    """Where the button stands [1, 3]."""
    return where(model, data, OBJECTS)


def turns(model: Model, data: Data) -> np.ndarray:
    """How the button is turned [1]."""
    return turned(model, data, OBJECTS)


def place(model: Model, data: Data, start: Start) -> None:
    """Stand the button where `start` says."""
    put(model, data, OBJECTS, start.objects_m)


def draw_start(task: PressButton, index: int, purpose: str, seed: int = 0, robot: Robot = SO101) -> Start:
    """Initial state `index`: the button anywhere in the task's area, the arm near its start pose."""
    rng = start_rng(index, purpose, seed)
    area = task.area
    stands = (area.center_x_m + rng.uniform(-area.half_x_m, area.half_x_m), rng.uniform(-area.half_y_m, area.half_y_m), 0.0)
    return Start(index, jittered_home(rng, task.start_jitter_rad, robot), np.array([stands]))


def expert(task: PressButton, seen: Seen) -> Reach:
    """Sideways at hover height, then down through the cap; up again when the aim is lost.

    A function of the state alone, so that a demo's action can be read off its observation.
    """
    tip_m, step_s = seen.tip_m, seen.step_s
    top = cap_top_m(task.button)
    offset = seen.objects_m[0, :2] - tip_m[:2]
    distance = float(np.hypot(*offset))
    target = np.empty(3)
    target[:2] = tip_m[:2] + offset * min(1.0, SIDEWAYS_M_S * step_s / max(distance, 1e-6))
    # height wanted: pressed down when aimed, hover when not, a ramp between so that actions are continuous
    aimed = np.clip((LOST_M - distance) / (LOST_M - ALIGNED_M), 0.0, 1.0)
    pressed = top - task.button.travel_m - 0.010
    wanted = aimed * pressed + (1 - aimed) * (top + HOVER_M)
    target[2] = tip_m[2] + np.clip(wanted - tip_m[2], -DOWN_M_S * step_s, UP_M_S * step_s)
    return Reach(target)


class PressJudge:
    """Success: the cap is down by `press_m`. Score: half for coming near the cap's top, half for pressing it."""

    def __init__(self, task: PressButton, model: Model) -> None:
        self._b = task.button
        self._qpos = int(model.joint("object/press").qposadr[0])
        self._tip = model.site(TIP_SITE).id
        self._start_m: float | None = None
        self._near_m = np.inf
        self._sideways_m = np.inf
        self._lowest_m = np.inf  # height of the tip when beside the button
        self._pressed_m = 0.0

    def update(self, data: Data) -> None:
        """Take in the state: how near the tip is, how far the cap is down."""
        tip = data.site_xpos[self._tip]
        center = data.mocap_pos[0]
        sideways = float(np.hypot(*(tip[:2] - center[:2])))
        distance = float(np.linalg.norm(tip - center - np.array((0, 0, cap_top_m(self._b)))))
        if self._start_m is None:
            self._start_m = distance
        self._near_m = min(self._near_m, distance)
        self._sideways_m = min(self._sideways_m, sideways)
        if sideways < NEAR_M:
            self._lowest_m = min(self._lowest_m, float(tip[2]))
        self._pressed_m = max(self._pressed_m, -float(data.qpos[self._qpos]))

    @property
    def success(self) -> bool:
        """Whether the cap has been pressed far enough."""
        return self._pressed_m >= self._b.press_m

    @property
    def score(self) -> float:
        """Progress in 0..1."""
        if self.success:
            return 1.0
        way = max((self._start_m or 0.0) - FINGER_RADIUS_M, 1e-6)
        reached = np.clip(1 - (self._near_m - FINGER_RADIUS_M) / way, 0.0, 1.0)
        return float(0.5 * reached + 0.5 * min(self._pressed_m / self._b.press_m, 0.99))

    @property
    def failure_mode(self) -> str:
        """`never_reached`, `timeout` (near, but never went down), `pressed_beside`, `not_pressed_enough`, or ''."""
        if self.success:
            return ""
        if self._pressed_m > 0.0005:
            return "not_pressed_enough"
        if self._sideways_m > NEAR_M:
            return "never_reached"
        return "pressed_beside" if self._lowest_m < cap_top_m(self._b) + 0.004 else "timeout"


judge = PressJudge  # a fresh one for each trial


def success_rule(task: PressButton) -> dict[str, float]:
    """What success depends on besides the motion, in named units: the judge's version and its settings."""
    return {"version": RULE_VERSION, **task.button.model_dump(mode="json")}


def tip_to_cap_exp_5cm(now: Moment[PressButton]) -> float:
    """1 with the tip on the cap, falling to 1/e at 5 cm from it."""
    top = now.objects_m[0] + (0, 0, cap_top_m(now.task.button))
    return float(np.exp(-np.linalg.norm(now.tip_m - top) / 0.05))


def success_bool(now: Moment[PressButton]) -> float:
    """1 once the cap has been pressed far enough."""
    return float(now.judge.success)


REWARD: dict[Term, float] = {tip_to_cap_exp_5cm: 1.0, success_bool: 10.0}


def segments(task: PressButton) -> tuple[Segment, ...]:
    """The button is the same from all sides."""
    return (Segment(0, "sight"),)
