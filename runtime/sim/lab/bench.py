"""The bench: a hand that drops, strikes and pushes an object, and what is sensed of the outcome. MuJoCo at 1 kHz.

Every interaction begins where something will happen (the plan's forced interaction): `drop` with the object in the hand, `strike`
with the hand inches from it and moving, `push` with the hand touching it.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from mujoco import rollout

from runtime.bound.lab import Lab
from runtime.sim.lab.objects import DENT, Thing
from runtime.sim.lab.sound import BANDS, bands, impact_sound
from runtime.sim.parts.mj import mujoco

SPAWN = {"drop": "holding", "strike": "inches", "push": "touching"}
"""Mode -> where the hand is as an interaction begins."""
MODES = tuple(SPAWN)
RANGES = {"drop": (0.05, 0.40), "strike": (0.3, 1.2), "push": (1.0, 5.0)}
"""Mode -> what the action ranges over: a height (m), a speed (m/s), a force (N)."""
STEPS = 20
"""Control steps of an interaction, 40 ms each. The plan counts such steps: 100,000 of them are 5,000 interactions."""
SENSED = ("height", "bounce", "contact", "force", "speed", "slowed", "moved", "broke")
"""What is sensed of an outcome: how high the object was tossed and how high it bounced, how long the first contact lasted, its
largest force, the object's speed after it, by how much the hand was slowed, how far the object went, if it broke."""
SCALE = np.array([0.1, 0.1, 0.02, 50.0, 0.5, 0.3, 0.2, 0.5])
"""A typical spread of each, so that none is lost beside another: m, m, s, N, m/s, m/s, m, 1. Outcomes are in these units."""
TIMESTEP_S, HAND_KG, HAND_M, INCHES_M = 0.001, 0.4, 0.02, 0.05


@dataclass(frozen=True)
class Outcome:
    """`sensed` [8], in units of `SCALE`; `heard` [8], log of the sound's power by band, zeros where audio is off."""

    sensed: np.ndarray
    heard: np.ndarray

    @property
    def all(self) -> np.ndarray:
        """Both, [16]."""
        return np.concatenate([self.sensed, self.heard])


def view(thing: Thing, rng: np.random.Generator, noise: float) -> np.ndarray:
    """What is seen before a touch: the logarithms of its box as seen from three sides, over a typical spread, and whether it is
    round; [4]."""
    seen = (np.log(thing.size_m) + 3.5) / 0.3 + noise * rng.normal(size=3)
    return np.append(seen, float(thing.shape == "ball"))


class Course(NamedTuple):
    """What happened, every millisecond: the object's place [n, 3] and speed [n, 3], the hand's speed [n, 1], the force of all
    that touches the object and of what touches the hand [n, 1]."""

    place: np.ndarray
    speed: np.ndarray
    hand: np.ndarray
    body_force: np.ndarray
    hand_force: np.ndarray


def happen(thing: Thing, mode: str, amount: float) -> Course:
    """One interaction, as it is. `amount` in [0, 1] is how high, fast or strong, within the mode's range."""
    low, high = RANGES[mode]
    action = low + (high - low) * amount
    model, data = _scene(thing, mode)
    mujoco.mj_resetData(model, data)
    size = thing.size_m
    pushes = np.zeros((1, STEPS * 40, 1))
    data.qpos[:3] = 0, 0, size
    data.qpos[7] = -(size + HAND_M)
    if mode == "drop":
        data.qpos[2] = size + action
        model.body_gravcomp[1] = 1.0  # held in the hand, until the first control step is over
        mujoco.mj_step(model, data, nstep=40)
        model.body_gravcomp[1] = 0.0
    elif mode == "strike":
        data.qpos[7] -= INCHES_M
        data.qvel[6] = action
    else:
        pushes[0, :400] = action
    state = np.zeros((1, mujoco.mj_stateSize(model, mujoco.mjtState.mjSTATE_FULLPHYSICS.value)))
    mujoco.mj_getState(model, data, state[0], mujoco.mjtState.mjSTATE_FULLPHYSICS.value)
    _, sensors = rollout.rollout(model, data, state, pushes)
    return Course(*np.split(sensors[0], [3, 6, 7, 8], axis=1))


def interact(lab: Lab, thing: Thing, mode: str, amount: float, rng: np.random.Generator) -> Outcome:
    """Let one interaction happen, and sense what came of it."""
    place, speed, hand, body_force, hand_force = happen(thing, mode, amount)
    size = thing.size_m
    force = (body_force if mode == "drop" else hand_force)[:, 0]
    touching = force > 1e-6
    first = int(np.argmax(touching)) if touching.any() else len(force) - 1
    after = np.flatnonzero(~touching[first:])
    end = first + int(after[0]) if touching.any() and len(after) else len(force) - 1
    peak = float(force[first : end + 1].max())
    broke = peak > thing.breaks_at_n
    bounced = float(place[end:, 2].max() - size)
    sensed = np.array(
        [
            float(place[first:, 2].max() - size),
            max(bounced, 0.0) if mode == "drop" else 0.0,
            (end - first) * TIMESTEP_S,
            peak,
            float(np.linalg.norm(speed[end])),
            float(hand[0, 0] - hand[end, 0]) if mode == "strike" else 0.0,
            float(place[-1, 0]),
            float(broke),
        ]
    )
    heard = np.zeros(BANDS)
    if lab.audio == "on":
        heard = bands(impact_sound(thing, force[first : end + 1] * TIMESTEP_S, TIMESTEP_S)) + lab.noise * rng.normal(size=BANDS)
    return Outcome(sensed / SCALE + lab.noise * rng.normal(size=len(SENSED)), heard)


def released(thing: Thing, lift: float, rng: np.random.Generator) -> np.ndarray:
    """An object let go in mid-air with a speed of its own, and `lift` times its weight of buoyancy: height (m) and vertical speed
    (m/s) at each control step, [STEPS + 1, 2]."""
    model, data = _scene(thing, "drop")
    mujoco.mj_resetData(model, data)
    model.body_gravcomp[1] = lift
    data.qpos[2], data.qvel[2] = 20.0, rng.uniform(-1, 1)
    rows = [(data.qpos[2], data.qvel[2])]
    for _ in range(STEPS):
        mujoco.mj_step(model, data, nstep=40)
        rows.append((data.qpos[2], data.qvel[2]))
    model.body_gravcomp[1] = 0.0
    return np.array(rows)


@cache
def _scene(thing: Thing, mode: str) -> tuple[Any, Any]:
    """The model of a bench with this object, and data for it. In `drop` the hand lets go and is out of the way."""
    geom = {
        "ball": f'type="sphere" size="{thing.size_m}"',
        "box": f'type="box" size="{thing.size_m} {thing.size_m} {thing.size_m}"',
    }
    time_s, ratio = thing.solref
    contact = f'solref="{time_s} {ratio}" solimp="{DENT} {DENT} 0.001" priority="1" friction="0.4 0.01 0.002"'
    apart = 'contype="0" conaffinity="0"' if mode == "drop" else 'contype="2" conaffinity="2"'
    site = thing.size_m * 1.3
    model = mujoco.MjModel.from_xml_string(f"""<mujoco>
<option timestep="{TIMESTEP_S}" integrator="implicitfast"/>
<worldbody>
 <geom type="plane" size="5 5 0.1" contype="1" conaffinity="1"/>
 <body name="thing" pos="0 0 0" gravcomp="1e-9"><freejoint/>
  <geom {geom[thing.shape]} mass="{thing.mass_kg}" contype="3" conaffinity="3" {contact}/>
  <site name="thing" type="box" size="{site} {site} {site}" rgba="0 0 0 0"/></body>
 <body name="hand" pos="0 0 {thing.size_m}"><joint name="hand" type="slide" axis="1 0 0"/>
  <geom type="sphere" size="{HAND_M}" mass="{HAND_KG}" {apart}/>
  <site name="hand" type="sphere" size="{HAND_M * 1.5}" rgba="0 0 0 0"/></body>
</worldbody>
<actuator><motor joint="hand" gear="1"/></actuator>
<sensor><framepos objtype="body" objname="thing"/><framelinvel objtype="body" objname="thing"/><jointvel joint="hand"/>
 <touch site="thing"/><touch site="hand"/></sensor>
</mujoco>""")
    return model, mujoco.MjData(model)
