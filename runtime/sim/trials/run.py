"""Trials: a policy in a scene, all initial states in lockstep, judged by the task."""

import zlib
from collections.abc import Collection, Mapping
from functools import partial

import numpy as np

from runtime.bound.twin_camera import DEFAULT_CAMERA
from runtime.learn.actor import Actor
from runtime.sim.parts.mj import Data, mujoco
from runtime.sim.pixels.contact_sheet import side_by_side
from runtime.sim.pixels.eye import Eye
from runtime.sim.scene.bench import Bench
from runtime.sim.trials.trial import Trial
from runtime.stats.table.invalid import invalid_mode

_NOISE_STREAM = 41
SEEN = int(mujoco.mjtState.mjSTATE_QPOS | mujoco.mjtState.mjSTATE_MOCAP_POS | mujoco.mjtState.mjSTATE_MOCAP_QUAT)
"""What of a state a picture depends on."""


def run_trials(
    bench: Bench, eyes: dict[str, Eye], policy: Actor, horizon_steps: int, sees: Collection[str] | None = None
) -> list[Trial]:
    """Run every trial of `bench` until it succeeds, the horizon ends or its physics blows up: that one is invalid
    (`runtime.stats.table.invalid`), it says nothing of the policy.

    Pictures are drawn only when the policy looks at them; a trial that has ended keeps its place in the policy's batch, with its
    last picture. Camera noise depends on the initial state and the step alone, so that approaches meet the same noise. Of several
    cameras those are drawn that the policy `sees`, where it says so.
    """
    n = len(bench)
    drawn = {name: eye for name, eye in eyes.items() if sees is None or name in sees}
    pictures: dict[str, list[np.ndarray]] = {name: [np.empty(0)] * n for name in drawn}
    states = [[_state(bench, i)] for i in range(n)]
    steps = np.zeros(n, int)
    active, lost = np.ones(n, bool), np.zeros(n, bool)
    policy.reset(n)
    for _ in range(horizon_steps):
        looks = policy.looks
        for i in np.flatnonzero(active) if looks else ():
            for name, picture in look(drawn, bench.datas[i], bench.starts[i].index, steps[i]).items():
                pictures[name][i] = picture
        images = {name: np.stack(found) for name, found in pictures.items()} if looks else {}
        joints = np.nan_to_num(bench.measured())  # of a trial whose physics blew up they may be none
        actions = np.asarray(policy.act(images, joints, bench.task.instruction), np.float64)
        if not np.isfinite(actions[active]).all():
            raise FloatingPointError("the policy's actions are not finite")
        bench.step(np.nan_to_num(actions), active)
        steps += active
        lost |= active & np.array([bench.diverged(i) for i in range(n)])
        for i in np.flatnonzero(active & ~lost):
            states[i].append(_state(bench, i))
        active &= np.array([not j.success for j in bench.judges]) & ~lost
        if not active.any():
            break
    return [
        Trial(
            s.index,
            bool(j.success and not lost[i]),
            0.0 if lost[i] else j.score,
            invalid_mode("physics diverged") if lost[i] else j.failure_mode,
            int(steps[i]),
            partial(_film, eyes, s.index, states[i]),
            states[i],
        )
        for i, (s, j) in enumerate(zip(bench.starts, bench.judges, strict=True))
    ]


def look(eyes: Mapping[str, Eye], data: Data, initial_state: int, step: int) -> dict[str, np.ndarray]:
    """What cameras see at one step of a trial. Each has noise of its own, whichever others are drawn."""
    found = {}
    for name, eye in eyes.items():
        own = [] if name == DEFAULT_CAMERA else [zlib.crc32(name.encode())]
        found[name] = eye.see(data, np.random.default_rng([_NOISE_STREAM, initial_state, step, *own]))
    return found


def _state(bench: Bench, row: int) -> np.ndarray:
    """All that a picture of a trial depends on."""
    state = np.empty(mujoco.mj_stateSize(bench.model, SEEN))
    mujoco.mj_getState(bench.model, bench.datas[row], state, SEEN)
    return state


def _film(eyes: Mapping[str, Eye], initial_state: int, states: list[np.ndarray]) -> np.ndarray:
    """The pictures u8 [T, H, W, 3] of a trial's states, of all cameras side by side, as the policy saw them or would have."""
    model, frames = next(iter(eyes.values())).model, []
    data = mujoco.MjData(model)
    for step, state in enumerate(states):
        mujoco.mj_setState(model, data, state, SEEN)
        mujoco.mj_kinematics(model, data)
        frames.append(look(eyes, data, initial_state, step))
    return side_by_side([np.stack([frame[name] for frame in frames]) for name in eyes])
