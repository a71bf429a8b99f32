"""The expert at work in a twin, or another driver: attempts in lockstep, successes kept."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from runtime.sim.episodes.episodes import Episode, recorded
from runtime.sim.parts.mj import Model
from runtime.sim.scene.bench import Bench
from runtime.sim.scene.expert import expert_action
from runtime.sim.tasks import kind_of
from runtime.sim.twin.twin import Twin

BATCH = 40  # attempts in lockstep; bounds memory, changes nothing else
_NOISE_STREAM = {"demo": 21, "scripted": 22}


@dataclass(frozen=True)
class Effort:
    """How demos are made. `noise_rad` disturbs what is executed, never what is recorded as the expert's action, so that
    demos show the way back from small errors (the idea of DART, Laskey et al. 2017).
    """

    noise_rad: float
    noise_hold: float  # 0..1, how much of the disturbance stays from step to step
    hold_steps: int  # steps kept after success
    seed: int


type Driver = Callable[[Bench, range], Callable[[int], np.ndarray]]
"""Of a bench and the starts it was made of: the joint targets [J] that it wants next in trial i of the bench."""


type Vary = Callable[[Bench, range], None]
"""Gives each trial of a bench, made of these starts, physics of its own."""


def by_expert(bench: Bench, indices: range) -> Callable[[int], np.ndarray]:
    """The scripted expert."""
    return lambda i: expert_action(bench.task, bench.seen(i), bench.robot)


def attempt(
    model: Model,
    twin: Twin,
    indices: range,
    effort: Effort,
    purpose: str = "demo",
    driver: Driver = by_expert,
    vary: Vary | None = None,
) -> list[Episode | str]:
    """Episodes of the starts `indices` of a family; how it failed where it did."""
    kind, task = kind_of(twin.task), twin.task
    starts = [kind.draw_start(task, i, purpose, effort.seed, twin.robot) for i in indices]
    bench = Bench(model, twin.physics, task, twin.control_hz, starts, robot=twin.robot)
    if vary:
        vary(bench, indices)
        bench.reset(range(len(starts)), starts)
    rngs = [np.random.default_rng([_NOISE_STREAM[purpose], effort.seed, i]) for i in indices]
    n, steps = len(starts), round(task.horizon_s * twin.control_hz)
    drift, wanted = np.zeros((n, twin.robot.action_dim)), driver(bench, indices)
    rows: list[list[tuple[np.ndarray, np.ndarray, np.ndarray]]] = [[] for _ in range(n)]
    after = np.zeros(n, int)  # steps since success
    for _ in range(steps + effort.hold_steps):
        active = after <= effort.hold_steps
        if not active.any():
            break
        measured = bench.measured()
        actions = np.zeros_like(drift)
        for i in np.flatnonzero(active):
            wish = wanted(int(i))
            rows[i].append((bench.datas[i].qpos.copy(), measured[i], wish.astype(np.float32)))
            fresh = rngs[i].normal(0, effort.noise_rad, twin.robot.action_dim) * twin.robot.of_arm
            drift[i] = effort.noise_hold * drift[i] + np.sqrt(1 - effort.noise_hold**2) * fresh
            actions[i] = wish + drift[i]
        bench.step(actions, active)
        after += [active[i] and bench.judges[i].success for i in range(n)]
    found: list[Episode | str] = []
    for i, start in enumerate(starts):
        judge = bench.judges[i]
        found.append(recorded(rows[i], bench.datas[i], start) if judge.success else judge.failure_mode)
    return found


def make_demos(
    model: Model, twin: Twin, count: int, most: int, effort: Effort, driver: Driver = by_expert, vary: Vary | None = None
) -> tuple[list[Episode], Counter[str]]:
    """The first `count` successful episodes among at most `most` attempts, and how those before the last of them failed."""
    episodes: list[Episode] = []
    failures: Counter[str] = Counter()
    while len(episodes) < count and (tried := len(episodes) + failures.total()) < most:
        for episode in attempt(model, twin, range(tried, min(tried + BATCH, most)), effort, driver=driver, vary=vary):
            if isinstance(episode, str):
                failures[episode] += 1
            else:
                episodes.append(episode)
            if len(episodes) == count:
                break
    return episodes, failures


def scripted_successes(model: Model, twin: Twin, tries: int, effort: Effort) -> int:
    """How many of `tries` starts the expert masters that no demo begins from, so that no policy was trained on them.

    Every try counts, unlike among demos, of which only the successful ones are kept and made until there are enough.
    """
    batches = (range(first, min(first + BATCH, tries)) for first in range(0, tries, BATCH))
    return sum(isinstance(e, Episode) for batch in batches for e in attempt(model, twin, batch, effort, "scripted"))
