"""A hand over the bench that is driven by forces, ahead and up: it reaches, pushes, and picks a thing up and places it.

The hand weighs 0.4 kg and falls when nothing holds it; what it grips clings to it (MuJoCo's adhesion), and weighs on it. Hand and
thing move in the vertical plane and do not turn. A control step is 40 ms of 2 ms steps; forces stay as they are in between.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from runtime.bound.lab import Deed
from runtime.sim.lab.bench import HAND_KG, HAND_M
from runtime.sim.lab.objects import Thing
from runtime.sim.parts.mj import mujoco

STEP_S, SUBSTEPS = 0.04, 20
STEPS: dict[Deed, int] = {"reach": 20, "push": 25, "pick_place": 30}
"""Control steps of a deed that moves the hand."""
MOST_N, MOST_M_PER_S = 16.0, 0.8
GAIN_PER_S = 8.0
WITHIN_M, SLOW_M_PER_S, SETTLED_M = 0.02, 0.1, 0.01
LIFT_M = 0.1
G = 9.81
SCALE = G * STEP_S
"""Changes of speed are in units of what falls in a control step, 0.39 m/s."""


@dataclass(frozen=True)
class Try:
    """What one trial begins from: the thing, where the hand is, and where hand or thing shall be; metres ahead and up."""

    deed: Deed
    thing: Thing
    hand_m: tuple[float, float]
    goal_m: tuple[float, float]


class Felt(NamedTuple):
    """What is known before each control step: the hand's place and speed, the thing's place, whether the hand grips [n, ...]."""

    hand: np.ndarray  # [n, 2]
    speed: np.ndarray  # [n, 2]
    thing: np.ndarray  # [n, 2]
    grip: np.ndarray  # [n]


type Driver = Callable[[int, Felt, np.ndarray], np.ndarray]
"""Step, what is felt and the speed that is wished for [n, 2] -> forces [n, 2], N."""


class Path(NamedTuple):
    """What happened: `felt` before each step [T, n, ...], forces, change of the hand's speed [T, n, 2], and at the end where
    hand and thing are, and the hand's speed [n, 2]."""

    felt: Felt
    forces: np.ndarray
    change: np.ndarray
    hand: np.ndarray
    speed: np.ndarray
    thing: np.ndarray


def features(felt: Felt, forces: np.ndarray, tries: list[Try]) -> np.ndarray:
    """What a model is told but for slots: the hand's speed, the forces, whether it grips, how far the thing is, [..., 7]."""
    sizes = np.array([one.thing.size_m for one in tries])
    far = (felt.thing - felt.hand) / 0.1
    gap = np.clip(np.linalg.norm(far, axis=-1, keepdims=True) - sizes[:, None] / 0.1, 0, 1)
    return np.concatenate([felt.speed / SCALE, forces / 8, felt.grip[..., None], np.clip(far[..., :1], -1, 1), gap], -1)


def draw(deed: Deed, thing: Thing, rng: np.random.Generator) -> Try:
    """A trial of this deed with this thing."""
    size = thing.size_m
    if deed == "reach":
        return Try(deed, thing, *((rng.uniform(-0.2, 0.2), rng.uniform(0.15, 0.4)) for _ in range(2)))
    way = rng.uniform(0.05, 0.15)
    if deed == "push":
        return Try(deed, thing, (-size - HAND_M - 0.02, max(size, HAND_M + 0.005)), (way, size))
    return Try(deed, thing, (0.0, 2 * size + HAND_M + 0.001), (way * rng.choice([-1.0, 1.0]), size))


def waypoint(one: Try, step: int) -> tuple[float, float, float]:
    """Where the hand shall be after this step (ahead, up), and whether it grips: the outline of each deed, which is given and not
    learned."""
    size, (x, z) = one.thing.size_m, one.goal_m
    if one.deed == "reach":
        return x, z, 0.0
    if one.deed == "push":
        return x - size - HAND_M, one.hand_m[1], 0.0
    top = 2 * size + HAND_M
    if step < 2:
        return 0.0, top, 1.0
    if step < 9:
        return 0.0, top + LIFT_M, 1.0
    if step < 18:
        return x, top + LIFT_M, 1.0
    return (x, top, 1.0) if step < 25 else (x, top + LIFT_M, 0.0)


def drive(tries: list[Try], driver: Driver) -> Path:
    """Let trials of one deed happen side by side."""
    steps, scenes = STEPS[tries[0].deed], [_scene(one.thing) for one in tries]
    datas = []
    for one, (model, _) in zip(tries, scenes, strict=True):
        data = mujoco.MjData(model)
        away = 5.0 if one.deed == "reach" else 0.0
        data.qpos[:] = away, one.thing.size_m, *one.hand_m
        mujoco.mj_forward(model, data)
        datas.append(data)
    felts, forces, changes = [], [], []
    for step in range(steps):
        aims = np.array([waypoint(one, step) for one in tries])
        now = _felt(datas, aims[:, 2])
        wished = np.clip(GAIN_PER_S * (aims[:, :2] - now.hand), -MOST_M_PER_S, MOST_M_PER_S)
        chosen = np.clip(driver(step, now, wished), -MOST_N, MOST_N)
        for (model, _), data, force, grip in zip(scenes, datas, chosen, aims[:, 2], strict=True):
            data.ctrl[:] = *force, grip
            mujoco.mj_step(model, data, nstep=SUBSTEPS)
        after = np.array([data.qvel[2:4] for data in datas])
        felts.append(now)
        forces.append(chosen)
        changes.append(after - now.speed)
    last = _felt(datas, np.zeros(len(datas)))
    felt = Felt(*(np.array(part) for part in zip(*felts, strict=True)))
    return Path(felt, np.array(forces), np.array(changes), last.hand, last.speed, last.thing)


def expert(tries: list[Try], rng: np.random.Generator, noise_n: float = 1.0) -> Driver:
    """Who knows every mass: the force that brings about the speed that is wished for, and a little noise."""
    masses = np.array([one.thing.mass_kg for one in tries])

    def driver(step: int, felt: Felt, wished: np.ndarray) -> np.ndarray:
        held = HAND_KG + masses * felt.grip
        force = held[:, None] * (wished - felt.speed) / STEP_S
        force[:, 1] += held * G
        return force + noise_n * rng.normal(size=force.shape)

    return driver


def judged(tries: list[Try], path: Path) -> list[tuple[bool, float, str]]:
    """Of each trial whether it succeeded, how near it came (0..1, 1 on success), and how it failed."""
    found = []
    for one, hand, speed, thing in zip(tries, path.hand, path.speed, path.thing, strict=True):
        goal, own = np.array(one.goal_m), hand if one.deed == "reach" else thing
        off = float(np.linalg.norm(own - goal)) if one.deed == "reach" else abs(float(own[0] - goal[0]))
        if one.deed == "reach":
            mode = "missed" if off > WITHIN_M else "unsettled" if np.linalg.norm(speed) > SLOW_M_PER_S else ""
        elif one.deed == "push":
            short = abs(thing[0]) < abs(goal[0])
            mode = "" if off <= WITHIN_M else "short" if short else "past"
        else:
            held = thing[1] > one.thing.size_m + SETTLED_M
            mode = "in the air" if held else "" if off <= WITHIN_M else "not moved" if abs(thing[0]) < WITHIN_M else "elsewhere"
        found.append((not mode, 1.0 if not mode else round(max(0.0, 0.99 - off / 0.2), 4), mode))
    return found


def _felt(datas: list[Any], grip: np.ndarray) -> Felt:
    places, speeds = np.array([data.qpos for data in datas]), np.array([data.qvel for data in datas])
    return Felt(places[:, 2:4].copy(), speeds[:, 2:4].copy(), places[:, :2].copy(), grip)


@cache
def _scene(thing: Thing) -> tuple[Any, Any]:
    """The model of a bench with this thing under a driven hand."""
    size = thing.size_m
    geom = f'type="sphere" size="{size}"' if thing.shape == "ball" else f'type="box" size="{size} {size} {size}"'
    model = mujoco.MjModel.from_xml_string(f"""<mujoco>
<option timestep="{STEP_S / SUBSTEPS}" integrator="implicitfast"/>
<worldbody>
 <geom type="plane" size="9 9 0.1" friction="0.4"/>
 <body name="thing"><joint type="slide" axis="1 0 0"/><joint type="slide" axis="0 0 1"/>
  <geom {geom} mass="{thing.mass_kg}" friction="0.4"/></body>
 <body name="hand"><joint name="x" type="slide" axis="1 0 0"/><joint name="z" type="slide" axis="0 0 1"/>
  <geom type="sphere" size="{HAND_M}" mass="{HAND_KG}" friction="1.5" priority="1" margin="0.004" gap="0.004"/></body>
</worldbody>
<actuator><motor joint="x"/><motor joint="z"/><adhesion body="hand" ctrlrange="0 1" gain="25"/></actuator>
</mujoco>""")
    return model, None
