"""Trials: a policy in a scene, all initial states in lockstep, judged by the task."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from runtime.learn.actor import Actor
from runtime.sim.pixels.eye import Eye
from runtime.sim.scene.bench import Bench

_NOISE_STREAM = 41


@dataclass(frozen=True)
class Trial:
    """One judged trial. `film` holds what the first camera saw, u8 [T, H, W, 3]."""

    initial_state: int
    success: bool
    score: float
    failure_mode: str
    steps: int
    film: np.ndarray

    def row(self) -> dict[str, object]:
        """All but the film, as the columns of a table of trials."""
        names = ("success", "score", "failure_mode", "steps")
        return {"initial_state": str(self.initial_state), **{name: getattr(self, name) for name in names}}


def run_trials(bench: Bench, eyes: dict[str, Eye], policy: Actor, horizon_steps: int) -> list[Trial]:
    """Run every trial of `bench` until it succeeds or the horizon ends.

    A trial that has ended keeps its place in the policy's batch, with its last picture. Camera noise depends on the
    initial state and the step alone, so that approaches meet the same noise.
    """
    n = len(bench)
    rngs = [np.random.default_rng([_NOISE_STREAM, s.index]) for s in bench.starts]
    pictures: dict[str, list[np.ndarray]] = {name: [np.empty(0)] * n for name in eyes}
    films: list[list[np.ndarray]] = [[] for _ in range(n)]
    steps = np.zeros(n, int)
    active = np.ones(n, bool)
    first = next(iter(eyes))
    policy.reset(n)

    def look(rows: Sequence[int]) -> None:
        for i in rows:
            for name, eye in eyes.items():
                pictures[name][i] = eye.see(bench.datas[i], rngs[i])
            films[i].append(pictures[first][i])

    look(range(n))
    for _ in range(horizon_steps):
        images = {name: np.stack(found) for name, found in pictures.items()}
        actions = np.asarray(policy.act(images, bench.measured(), bench.task.instruction), np.float64)
        if not np.isfinite(actions[active]).all():
            raise FloatingPointError("the policy's actions are not finite")
        bench.step(np.nan_to_num(actions), active)
        steps += active
        look([int(i) for i in np.flatnonzero(active)])
        active &= np.array([not j.success for j in bench.judges])
        if not active.any():
            break
    return [
        Trial(s.index, j.success, j.score, j.failure_mode, int(steps[i]), np.stack(films[i]))
        for i, (s, j) in enumerate(zip(bench.starts, bench.judges, strict=True))
    ]
