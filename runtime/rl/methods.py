"""Ways to improve a policy in a varied twin: by reward, and by cloning what is shown there."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from runtime.learn.actor import PolicyFacts
from runtime.learn.augment import augment
from runtime.learn.dataset import Arrays, Shown, joined
from runtime.learn.learner import resumed
from runtime.learn.small.learner import LightLearner
from runtime.learn.train import Recipe as Cloning
from runtime.learn.train import Trained, train
from runtime.learn.windows import make_windows, split_episodes
from runtime.rl.actor import Demos, Residual, Whole
from runtime.rl.knowing import taught
from runtime.rl.params import RlParams
from runtime.rl.ppo import Recipe
from runtime.rl.rollout import Course, Noise, first_episodes
from runtime.rl.shown import Teacher, by_expert, longest, shown
from runtime.rl.train import Point, Stop, improve
from runtime.sim.vector.bench import VectorBench

DRILL_ROWS = 16
"""Rows in which something is shown side by side."""


@dataclass(frozen=True)
class Setting:
    """What methods work with. `bench(number, rows, look)` makes a varied one, another for each number."""

    params: RlParams
    bench: Callable[[int, int, bool], VectorBench]
    policy: Path
    facts: PolicyFacts
    dataset: Path
    demos: Arrays
    luck: int
    progress: Callable[[float, str], None]


@dataclass(frozen=True)
class Made:
    """What a method made of a policy."""

    learner: LightLearner
    points: list[Point]
    stopped: str
    trained: Trained | None = None
    shown: int = 0
    teacher_success: float | None = None


def by_reward(at: Setting, learner: LightLearner) -> Made:
    """PPO, of the whole policy or of what is added to it."""
    p = at.params
    every, clone, demos, done = learner.spec.n_action_steps, None, None, (0, 0)
    if p.start == "policy":
        clone = Whole(resumed(at.policy / "checkpoint", at.facts, at.dataset)).plan
    if p.beside_demos:
        demos, done = _demos(at, learner)
    beside = demos, p.demo_weight
    policy = Residual(learner, p.hidden, *beside) if p.method == "residual" else Whole(learner, *beside)
    recipe = Recipe(
        p.ppo_learning_rate, p.epochs, p.batches, p.clip, p.discount, p.gae_lambda, p.anchor, p.target_kl, annealed=True
    )
    stop, rng = Stop(p.control_steps - done[1], p.episodes - done[0], p.patience), np.random.default_rng([89, at.luck])
    course = Course(at.bench(1, p.rows, True), every)
    points, stopped = improve(policy, clone, course, Noise(p.noise_rad, p.chunk_noise_rad), recipe, stop, rng, at.progress)
    shown_too = {"episodes": done[0], "control_steps": done[1]}
    points = [replace(x, **{name: getattr(x, name) + more for name, more in shown_too.items()}) for x in points]
    return Made(policy.finish(), points, stopped)


def _demos(at: Setting, learner: LightLearner) -> tuple[Demos, tuple[int, int]]:
    """Batches of the old demos and of those that the expert shows in the varied twin; the episodes and control steps of these."""
    p, rng, found, steps = at.params, np.random.default_rng([97, at.luck]), [], 0
    course = Course(at.bench(10, DRILL_ROWS, True), learner.spec.n_action_steps)
    for each, took in shown(course, Whole(learner).plan, p.demo_episodes, rng, by_expert, drives=False):
        found, steps = [*found, each] if each is not None else found, steps + took
    with TemporaryDirectory() as scratch:
        arrays = joined(at.demos, found, None, Path(scratch) / "shown.npz")
    frames, _ = split_episodes(arrays.episode_index, p.held_out)
    windows = make_windows(arrays, frames, learner.observation_deltas, learner.action_deltas)

    def batch() -> dict[str, np.ndarray]:
        return augment(windows.batch(rng.integers(0, len(windows.starts), p.batch_size)), rng, 0, p.jitter)

    return batch, (p.demo_episodes, steps)


def by_cloning(at: Setting, learner: LightLearner) -> Made:
    """Supervised training on the demos and on what is shown in the twin, in rounds."""
    p, rng = at.params, np.random.default_rng([91, at.luck])
    teacher: Teacher | None = by_expert if p.method == "dagger" else None
    teacher_success, rounds = None, p.rounds if p.method == "dagger" else 1
    points = [Point(0, 0, 0, 0.0)]
    if p.method == "dagger" and p.teacher == "state_ppo":
        bench = at.bench(2, p.rows, False)
        showing = p.episodes * longest(bench) + bench.rows * bench.horizon  # and the round by which PPO goes beyond its limit
        limit = Stop(max(1, p.control_steps - showing), 10**9, p.patience)
        knowing, curve = taught(bench, limit, rng, lambda f, n: at.progress(0.3 * f, f"teacher: {n}"))
        teacher, teacher_success = knowing.shows, curve[-1].success
        points = [Point(curve[-1].control_steps, curve[-1].episodes, 0, 0.0)]
    found: list[Shown] = []
    trained: Trained | None = None
    with TemporaryDirectory() as scratch:
        for part in range(rounds):
            episodes = 0 if p.method == "clone" else p.episodes // rounds
            course = Course(at.bench(10 + part, DRILL_ROWS, True), learner.spec.n_action_steps)
            plan, steps, done = Whole(learner).plan, 0, 0
            for each, took in shown(course, plan, episodes, rng, teacher, p.driver == "policy"):
                steps, done = steps + took, done + 1
                if each is not None and (teacher or len(found) < p.most_shown):
                    found.append(each)
                at.progress((part + 0.7 * done / episodes) / rounds, f"{len(found)} shown")
                if points[-1].control_steps + steps >= p.control_steps:
                    break
            arrays = joined(at.demos, found, None, Path(scratch) / "shown.npz")
            cloning = Cloning(p.steps // rounds, p.batch_size, p.learning_rate, at.luck + part, 0, p.jitter, p.held_out)
            trained = train(learner, arrays, cloning)
            tried = first_episodes(Course(at.bench(3, p.check, True), learner.spec.n_action_steps), Whole(learner).plan)
            was = points[-1]
            more = {"control_steps": was.control_steps + steps, "episodes": was.episodes + done}
            points.append(
                replace(was, **more, gradient_steps=was.gradient_steps + p.steps // rounds, success=float(tried.success.mean()))
            )
    return Made(learner, points[1:], "rounds", trained, len(found), teacher_success)
