"""Back to shortly before a failure: states of a policy's rollouts, exact returns to them, and the expert's way on from there.

GSWorld (arXiv 2510.20813) collects corrections so: the simulator is put into a state that was recorded before a policy failed,
and what is shown from there joins the demos (DAgger; Ross, Gordon and Bagnell 2011).
"""

from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Literal

import numpy as np

from runtime.learn.actor import Actor
from runtime.sim.episodes.episodes import Episode, Film, recorded, redraw
from runtime.sim.episodes.practice import GROUP, Drill, drilled, starts_of
from runtime.sim.parts.mj import Model, mujoco
from runtime.sim.parts.start import Start
from runtime.sim.pixels.camera import Camera
from runtime.sim.pixels.eye import Eye
from runtime.sim.scene.bench import Bench
from runtime.sim.scene.expert import expert_action
from runtime.sim.tasks.kind import Judge
from runtime.sim.twin.twin import Twin

WHOLE = int(mujoco.mjtState.mjSTATE_INTEGRATION)
"""All of a state that the next step depends on: MuJoCo goes on from it bit for bit."""
_STREAM = 67


@dataclass(frozen=True)
class Kept:
    """A trial at one moment, to go back to."""

    physics: np.ndarray  # of `WHOLE`
    targets: np.ndarray  # [J] that the servos obeyed last, true joints, rad
    changed: np.ndarray  # [J] by how much they were others than before
    judge: Judge


class Rewound(Bench):
    """A bench whose trials can be gone back to a moment of."""

    def kept(self, i: int) -> Kept:
        """Trial `i` as it is now."""
        physics = np.empty(mujoco.mj_stateSize(self.models[i], WHOLE))
        mujoco.mj_getState(self.models[i], self.datas[i], physics, WHOLE)
        return Kept(physics, self._last[i].copy(), self._changed[i].copy(), deepcopy(self.judges[i]))

    def go_back(self, i: int, kept: Kept) -> None:
        """Put trial `i` into a moment of this one, or of another with the same model and physics."""
        mujoco.mj_setState(self.models[i], self.datas[i], kept.physics, WHOLE)
        mujoco.mj_kinematics(self.models[i], self.datas[i])  # no more: what solvers begin from is part of the state
        self._last[i], self._changed[i], self.judges[i] = kept.targets, kept.changed, deepcopy(kept.judge)


@dataclass(frozen=True)
class Recovery:
    """From which states the expert shows how to go on: `failures`, between `back` steps (least, most) before a failed rollout's
    end; `random`, as many, at any step of any rollout."""

    states: Literal["failures", "random"]
    back: tuple[int, int]
    drill: Drill


@dataclass(frozen=True)
class Corrected:
    """What came of some rollouts: how many there were and failed, from how many states the expert went on, and its successes."""

    rollouts: int
    failed: int
    asked: int
    shown: list[tuple[Episode, Film, list[Camera]]]


def rolled_out(bench: Rewound, twin: Twin, eyes: Sequence[Eye], policy: Actor, rng: np.random.Generator) -> list[list[Kept]]:
    """Let a policy drive every trial until success or the horizon; each trial as it was before each of its steps."""
    moments: list[list[Kept]] = [[] for _ in range(len(bench))]
    images: dict[str, np.ndarray] = {}
    policy.reset(len(bench))
    for _ in range(round(twin.task.horizon_s * twin.control_hz)):
        active = np.array([not judge.success for judge in bench.judges])
        if not active.any():
            break
        if policy.looks:
            images = {eye.camera.name: np.stack([eye.see(data, rng) for data in bench.datas]) for eye in eyes}
        actions = np.nan_to_num(policy.act(images, bench.measured(), twin.task.instruction)).astype(np.float64)
        for i in np.flatnonzero(active):
            moments[i].append(bench.kept(int(i)))
        bench.step(actions, active)
    return moments


def chosen(failed: Sequence[int], lengths: Sequence[int], how: Recovery, rng: np.random.Generator) -> list[tuple[int, int]]:
    """(trial, step) of the states that the expert goes on from: as many as rollouts failed."""
    if how.states == "random":
        trials = rng.integers(0, len(lengths), len(failed))
        return [(int(i), int(rng.integers(0, lengths[i]))) for i in trials]
    least, most = how.back
    return [(i, max(0, lengths[i] - int(rng.integers(least, most + 1)))) for i in failed]


def shown_on(model: Model, twin: Twin, starts: Sequence[Start], moments: Sequence[Kept], hold_steps: int) -> list[Episode]:
    """The expert from each of these moments, `starts` those of their trials: its successes, until some steps after them."""
    if not moments:
        return []
    bench = Rewound(model, twin.physics, twin.task, twin.control_hz, starts, robot=twin.robot)
    for i, kept in enumerate(moments):
        bench.go_back(i, kept)
    rows: list[list[tuple[np.ndarray, np.ndarray, np.ndarray]]] = [[] for _ in moments]
    after = np.zeros(len(moments), int)
    for _ in range(round(twin.task.horizon_s * twin.control_hz) + hold_steps):
        active, measured = after <= hold_steps, bench.measured()
        if not active.any():
            break
        actions = np.zeros((len(moments), twin.robot.action_dim))
        for i in np.flatnonzero(active):
            wish = expert_action(twin.task, bench.seen(int(i)), twin.robot)
            rows[i].append((bench.datas[i].qpos.copy(), measured[i], wish.astype(np.float32)))
            actions[i] = wish
        bench.step(actions, active)
        after += [active[i] and bench.judges[i].success for i in range(len(moments))]
    return [recorded(rows[i], bench.datas[i], start) for i, start in enumerate(starts) if bench.judges[i].success]


def corrected(
    model: Callable[[], Model],
    twin: Twin,
    how: Recovery,
    eyes: Callable[[Model, np.random.Generator], list[Eye]],
    count: int,
    policy: Actor,
) -> Iterator[Corrected]:
    """Group by group, `count` rollouts of a policy in varied twins (`Drill`), and the expert's way on from states of them.

    Args:
        model: makes a fresh copy of the twin's scene, whose servos are changed.
        eyes: draws one varied look at that scene.
    """
    for first in range(0, count, GROUP):
        rng = np.random.default_rng([_STREAM, *how.drill.seed, first])
        scene = model()
        changed = drilled(scene, twin, how.drill, rng)
        looks, starts = eyes(scene, rng), starts_of(twin, how.drill, range(first, min(first + GROUP, count)))
        bench = Rewound(scene, changed.physics, twin.task, twin.control_hz, starts, robot=twin.robot)
        moments = rolled_out(bench, twin, looks, policy, rng)
        failed = [i for i, judge in enumerate(bench.judges) if not judge.success]
        picked = [(i, t) for i, t in chosen(failed, [len(m) for m in moments], how, rng) if moments[i]]
        found = shown_on(scene, changed, [starts[i] for i, _ in picked], [moments[i][t] for i, t in picked], how.drill.hold_steps)
        cameras = [eye.camera for eye in looks]
        shown = [(e, {eye.camera.name: redraw(eye, e, rng) for eye in looks}, cameras) for e in found]
        yield Corrected(len(starts), len(failed), len(picked), shown)
