"""A teacher that knows the true state, trained by PPO from nothing: quick to learn, and no policy for a place."""

from collections.abc import Callable, Iterable, Mapping

import numpy as np
import torch
from torch import Tensor, nn

from runtime.rl.ppo import Recipe
from runtime.rl.rollout import Course, Experience, Noise
from runtime.rl.train import Point, Stop, improve
from runtime.sim.vector.bench import VectorBench

REACH_RAD = 0.15
"""Furthest that a step's target may lie from the last one, of each joint."""
EVERY, NOISE, RECIPE = 2, Noise(0.03, 0.02), Recipe(3e-4, 5, 4, 0.2, 0.98, 0.95, 0.0, 0.1)


class Knowing:
    """A perceptron of the true state [n, P] that says how far each joint's target moves, `every` steps at once alike."""

    def __init__(self, bench: VectorBench, every: int, rng: np.random.Generator, hidden: int = 128) -> None:
        self.every, self._targets = every, bench.groups["targets_rad"]
        seen, at = [], bench.privileged()[:, self._targets].astype(np.float64)
        for _ in range(bench.horizon):  # anywhere that chance leads to, for the normaliser
            at = at + rng.normal(0, 0.05, at.shape)
            seen.append(bench.step(at).privileged)
            at = seen[-1][:, self._targets].astype(np.float64)
        found = np.concatenate(seen)
        self._mean, self._sd = torch.from_numpy(found.mean(0)), torch.from_numpy(found.std(0)) + 1e-3
        layers = (
            nn.Linear(found.shape[1], hidden),
            nn.ELU(),
            nn.Linear(hidden, hidden),
            nn.ELU(),
            nn.Linear(hidden, bench.actions),
        )
        self.net = nn.Sequential(*layers)
        nn.init.normal_(self.net.get_parameter("4.weight"), std=0.01)

    def parameters(self) -> Iterable[Tensor]:
        """What is trained."""
        return self.net.parameters()

    def mean(self, privileged: np.ndarray) -> Tensor:
        """Joint targets [n, k, J], radians."""
        state = torch.from_numpy(privileged)
        moved = REACH_RAD * torch.tanh(self.net(((state - self._mean) / self._sd).clamp(-8, 8)))
        steps = torch.arange(1, self.every + 1)[None, :, None]
        return state[:, None, self._targets] + steps * moved[:, None]

    def plan(self, images: Mapping[str, np.ndarray], state: np.ndarray, privileged: np.ndarray) -> np.ndarray:
        """See `rollout.Plan`."""
        with torch.no_grad():
            return self.mean(privileged).numpy().astype(np.float64)

    def of(self, some: Experience, rows: np.ndarray) -> tuple[Tensor, float]:
        """See `runtime.rl.train.Trainee`."""
        return self.mean(some.privileged[rows, 0]), 0.0

    def shows(self, course: Course, rows: np.ndarray) -> np.ndarray:
        """See `shown.Teacher`."""
        return self.plan({}, course.bench.state()[rows], course.bench.privileged()[rows])[:, 0]


def taught(
    bench: VectorBench, stop: Stop, rng: np.random.Generator, progress: Callable[[float, str], None]
) -> tuple[Knowing, list[Point]]:
    """A teacher trained from nothing in a bench that has no pictures, and its curve."""
    teacher = Knowing(bench, EVERY, rng)
    curve, _ = improve(teacher, None, Course(bench, EVERY, sees=False), NOISE, RECIPE, stop, rng, progress)
    return teacher, curve
