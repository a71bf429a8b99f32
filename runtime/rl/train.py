"""The loop of PPO: episodes, critic, update, until a rule that was stated before says that it is enough."""

import csv
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from runtime.learn.optimiser import AdamW
from runtime.rl.ppo import Critic, Recipe, divergence, fit, returns, update
from runtime.rl.rollout import Course, Experience, Noise, Plan, joined

ROUND = 0.5
"""Share of the horizon that every row is driven between two updates."""
CRITIC_FIRST, CRITIC_EPOCHS = 4, 3
"""Rounds before the first update, which the critic alone learns from; and its epochs over each round, made twice."""


class Trainee(Protocol):
    """A policy that PPO trains."""

    def parameters(self) -> Iterable[Tensor]:
        """What is trained."""
        ...

    def plan(self, images: Mapping[str, np.ndarray], state: np.ndarray, privileged: np.ndarray) -> np.ndarray:
        """See `rollout.Plan`."""
        ...

    def of(self, some: Experience, rows: np.ndarray) -> tuple[Tensor, Tensor | float]:
        """What it means now in some decisions of an experience [n, k, J], radians, and what it has to lose beside the reward."""
        ...


@dataclass(frozen=True)
class Stop:
    """When training ends: what comes first. `patience` counts updates without a better success over the last few of them."""

    control_steps: int
    episodes: int
    patience: int
    over: int = 8  # updates whose success is averaged


@dataclass(frozen=True)
class Point:
    """One round of episodes: a row of the learning curve. KL and distance are of what the policy meant from the clone there."""

    control_steps: int  # so far
    episodes: int  # so far
    gradient_steps: int  # so far
    success: float  # share in varied twins; of PPO while it explores
    reward: float | None = None  # mean of an episode
    update_kl: float | None = None  # nats a decision
    clone_kl: float | None = None  # nats a decision
    clone_rms_rad: float | None = None
    critic_explains: float | None = None  # share of the variance of returns


def improve(
    policy: Trainee,
    clone: Plan | None,
    course: Course,
    noise: Noise,
    recipe: Recipe,
    stop: Stop,
    rng: np.random.Generator,
    progress: Callable[[float, str], None],
) -> tuple[list[Point], str]:
    """Train a policy in place; the curve, and which rule ended it: `control_steps`, `episodes` or `patience`."""
    optimiser = AdamW(policy.parameters(), weight_decay=0.0, clip_norm=1.0)
    critic: Critic | None = None
    curve: list[Point] = []
    best, best_at = -1.0, 0
    seen: list[Experience] = []
    at = Point(0, 0, 0, 0.0)
    steps_each = max(course.every, round(ROUND * course.bench.horizon))
    while True:
        some, told = course.collect(policy.plan, noise, rng, steps_each)
        if critic is None:
            critic = Critic(some.privileged[some.done])
            critic_optimiser = AdamW(critic.parameters(), weight_decay=0.0, clip_norm=1.0)
        seen = [*seen, some][-2:]
        every = joined(seen)
        for _ in range(2):  # returns are reckoned anew with the critic that they have made
            goal, _ = returns(every, critic, recipe)
            explains = fit(critic, critic_optimiser, every.privileged[every.done], goal, recipe.critic_rate, CRITIC_EPOCHS)
        kl = steps = 0
        meant = clone(some.images, some.state, some.privileged[:, 0]) if clone else None
        if len(curve) >= CRITIC_FIRST:
            _, found = returns(some, critic, recipe)
            found = (found - found.mean()) / (found.std() + 1e-8)
            left = max(0.0, 1 - at.control_steps / stop.control_steps) if recipe.annealed else 1.0
            now = replace(recipe, rate=recipe.rate * left)
            made = update(partial(policy.of, some), optimiser, some, found, meant, noise, now, rng)
            kl, steps = made.kl, made.steps
        at = replace(
            at,
            control_steps=at.control_steps + steps_each * course.bench.rows,
            episodes=at.episodes + len(told.success),
            gradient_steps=at.gradient_steps + steps,
            success=float(told.success.mean()) if len(told.success) else at.success,
            reward=float(told.paid.mean()) if len(told.paid) else at.reward,
            update_kl=float(kl),
            critic_explains=explains,
            **(_apart(some, meant, noise) if meant is not None else {}),
        )
        curve.append(at)
        lately = float(np.mean([point.success for point in curve[-stop.over :]]))
        if lately > best + 1e-9:
            best, best_at = lately, len(curve)
        progress(
            min(1.0, at.control_steps / stop.control_steps), f"{at.control_steps} control steps, success {100 * lately:.0f}%"
        )
        for rule, over in (
            ("control_steps", at.control_steps >= stop.control_steps),
            ("episodes", at.episodes + course.bench.rows > stop.episodes),
            ("patience", len(curve) - best_at >= stop.patience),
        ):
            if over:
                return curve, rule


def _apart(some: Experience, meant: np.ndarray, noise: Noise) -> dict[str, float]:
    mean, done = (torch.from_numpy(value.astype(np.float32)) for value in (some.mean, some.done))
    kl = divergence(mean, torch.from_numpy(meant.astype(np.float32)), done, noise).mean()
    off = (some.mean - meant)[some.done]
    return {"clone_kl": float(kl), "clone_rms_rad": float(np.sqrt(np.mean(off**2)))}


def save_points(path: Path, curve: list[Point]) -> None:
    """Write the curve as CSV, a column for each field of `Point`."""
    with path.open("w", newline="") as file:
        rows = csv.DictWriter(file, [field.name for field in fields(Point)])
        rows.writeheader()
        rows.writerows({k: f"{v:.6g}" if isinstance(v, float) else v for k, v in asdict(point).items()} for point in curve)
