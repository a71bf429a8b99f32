"""Trials: a policy in a scene, all initial states in lockstep, judged by the task."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from runtime.learn.actor import Actor
from runtime.sim.parts.mj import mujoco
from runtime.sim.pixels.contact_sheet import side_by_side
from runtime.sim.pixels.eye import Eye
from runtime.sim.scene.bench import Bench

_NOISE_STREAM = 41
_SEEN = int(mujoco.mjtState.mjSTATE_QPOS | mujoco.mjtState.mjSTATE_MOCAP_POS | mujoco.mjtState.mjSTATE_MOCAP_QUAT)


@dataclass(frozen=True)
class Trial:
    """One judged trial. `film` draws what the cameras had before them at each step, u8 [T, H, W, 3]."""

    initial_state: int
    success: bool
    score: float
    failure_mode: str
    steps: int
    film: Callable[[], np.ndarray]

    def row(self) -> dict[str, object]:
        """All but the film, as the columns of a table of trials."""
        names = ("success", "score", "failure_mode", "steps")
        return {"initial_state": str(self.initial_state), **{name: getattr(self, name) for name in names}}


def run_trials(bench: Bench, eyes: dict[str, Eye], policy: Actor, horizon_steps: int) -> list[Trial]:
    """Run every trial of `bench` until it succeeds or the horizon ends.

    Pictures are drawn only when the policy looks at them; a trial that has ended keeps its place in the policy's batch, with its
    last picture. Camera noise depends on the initial state and the step alone, so that approaches meet the same noise.
    """
    n = len(bench)
    pictures: dict[str, list[np.ndarray]] = {name: [np.empty(0)] * n for name in eyes}
    states = [[_state(bench, i)] for i in range(n)]
    steps = np.zeros(n, int)
    active = np.ones(n, bool)
    policy.reset(n)
    for _ in range(horizon_steps):
        looks = policy.looks
        for i in np.flatnonzero(active) if looks else ():
            rng = noise(bench.starts[i].index, steps[i])
            for name, eye in eyes.items():
                pictures[name][i] = eye.see(bench.datas[i], rng)
        images = {name: np.stack(found) for name, found in pictures.items()} if looks else {}
        actions = np.asarray(policy.act(images, bench.measured(), bench.task.instruction), np.float64)
        if not np.isfinite(actions[active]).all():
            raise FloatingPointError("the policy's actions are not finite")
        bench.step(np.nan_to_num(actions), active)
        steps += active
        for i in np.flatnonzero(active):
            states[i].append(_state(bench, i))
        active &= np.array([not j.success for j in bench.judges])
        if not active.any():
            break
    return [
        Trial(s.index, j.success, j.score, j.failure_mode, int(steps[i]), partial(_film, list(eyes.values()), s.index, states[i]))
        for i, (s, j) in enumerate(zip(bench.starts, bench.judges, strict=True))
    ]


def noise(initial_state: int, step: int) -> np.random.Generator:
    """What a camera's noise is drawn by at one step of a trial."""
    return np.random.default_rng([_NOISE_STREAM, initial_state, step])


def _state(bench: Bench, row: int) -> np.ndarray:
    """All that a picture of a trial depends on."""
    state = np.empty(mujoco.mj_stateSize(bench.model, _SEEN))
    mujoco.mj_getState(bench.model, bench.datas[row], state, _SEEN)
    return state


def _film(eyes: Sequence[Eye], initial_state: int, states: list[np.ndarray]) -> np.ndarray:
    """The pictures u8 [T, H, W, 3] of a trial's states, of all cameras side by side, as the policy saw them or would have."""
    model, films = eyes[0].model, [[] for _ in eyes]
    data = mujoco.MjData(model)
    for step, state in enumerate(states):
        mujoco.mj_setState(model, data, state, _SEEN)
        mujoco.mj_kinematics(model, data)
        rng = noise(initial_state, step)
        for eye, film in zip(eyes, films, strict=True):
            film.append(eye.see(data, rng))
    return side_by_side([np.stack(film) for film in films])
