"""Interactions played again: what a camera and the hand saw of them, by control steps."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from runtime.bound.lab import Lab
from runtime.sim.lab.bench import MODES, happen
from runtime.sim.lab.film import EVERY, frames
from runtime.sim.lab.objects import Thing, things

FELT = 3 + len(MODES) + 1
"""Numbers of touch: the hand's speed (m/s), the forces on object and hand (units of 50 N), and the deed."""


@dataclass(frozen=True)
class Clips:
    """`pictures` and `others` [n, t, 3, 32, 32], two cameras' views of the same; `felt` [n, t, 7]; `states` [n, t, 4], the
    object's place and speed ahead and up (m, m/s); `deeds` [n, 4]; `sizes` [n], m."""

    pictures: Tensor
    others: Tensor
    felt: Tensor
    states: Tensor
    deeds: Tensor
    sizes: Tensor


def remembered(babble: Path, lab: Lab, count: int, rng: np.random.Generator) -> list[tuple[Thing, np.ndarray]]:
    """Objects and deeds of interactions that babbling remembers, drawn evenly without repetition."""
    kept = np.load(babble / "episodes.npz")
    known = things(lab, "a")
    at = rng.permutation(len(kept["things"]))[:count]
    return [(known[int(kept["things"][i])], kept["deeds"][i]) for i in at]


def novel(lab: Lab, count: int, rng: np.random.Generator) -> list[tuple[Thing, np.ndarray]]:
    """Objects of set B, and deeds drawn evenly."""
    objects, one_hot = things(lab, "b"), np.eye(len(MODES))
    draws = [(objects[rng.integers(len(objects))], rng.integers(len(MODES)), rng.random()) for _ in range(count)]
    return [(thing, np.append(one_hot[mode], amount)) for thing, mode, amount in draws]


def play_again(what: list[tuple[Thing, np.ndarray]], rng: np.random.Generator) -> Clips:
    """Let the interactions happen once more, filmed by two cameras."""
    pictures, others, felt, states = [], [], [], []
    for thing, deed in what:
        mode = MODES[int(deed[:3].argmax())]
        course = happen(thing, mode, float(deed[3]))
        pictures.append(frames(course, thing, mode, rng))
        others.append(frames(course, thing, mode, rng))
        at = np.arange(0, len(course.place), EVERY)
        touch = np.concatenate([course.hand, course.body_force / 50, course.hand_force / 50], 1)[at]
        felt.append(np.concatenate([touch, np.tile(deed, (len(at), 1))], 1))
        states.append(np.concatenate([course.place[at][:, [0, 2]], course.speed[at][:, [0, 2]]], 1))
    deeds, sizes = np.array([deed for _, deed in what]), np.array([thing.size_m for thing, _ in what])
    arrays = (np.array(pictures), np.array(others), np.array(felt), np.array(states), deeds, sizes)
    return Clips(*(torch.tensor(one, dtype=torch.float32) for one in arrays))


def linear_r2(x: Tensor, y: Tensor, x_new: Tensor, y_new: Tensor, ridge: float = 1.0) -> float:
    """R^2 of y [n] told linearly from x [n, d], on unseen x_new, y_new; below 0 it is worse than the mean."""
    mean, scale = x.mean(0), x.std(0) + 1e-6
    a, b = ((one - mean) / scale for one in (x, x_new))
    weights = torch.linalg.solve(a.T @ a + ridge * torch.eye(a.shape[1]), a.T @ (y - y.mean()))
    return float(1 - (b @ weights + y.mean() - y_new).pow(2).mean() / y_new.var())
