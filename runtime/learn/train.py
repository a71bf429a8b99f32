"""The trainer: windows of demos in memory, AdamW, a cosine rate; the same for every architecture."""

import csv
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from runtime.learn.augment import augment
from runtime.learn.dataset import Arrays
from runtime.learn.optimiser import AdamW
from runtime.learn.spec import Learner
from runtime.learn.windows import Windows, make_windows, split_episodes

CURVE_POINTS = 50
HELD_OUT_POINTS = 10
"""Points of the curve at which the loss on held-out demos is measured, evenly over training."""


@dataclass(frozen=True)
class Recipe:
    """How to train. `steps` 0 leaves the policy untrained."""

    steps: int
    batch_size: int
    learning_rate: float
    seed: int
    shift_px: int = 0
    jitter: float = 0.0
    held_out: int = 4
    warmup_fraction: float = 0.05
    shuffled: bool = False  # whether past observations are in an order of chance


@dataclass(frozen=True)
class Trained:
    """`curve` rows are (step, mean training loss since the last row, learning rate, held-out loss where it was measured)."""

    curve: list[tuple[int, float, float, float | None]]
    loss: float | None
    held_out_loss: float | None


def luck_of(seed: int, arrays: Arrays) -> int:
    """A seed for generators that no other training seed and no other demos have.

    Studies take the runs of one training seed at several places for independent ones. With the same initial weights and the same
    order of windows everywhere they were not: of 32 runs at four sites a third of the variance within sites went with the seed.
    """
    digest = hashlib.blake2b(digest_size=8)
    for part in (np.array([seed]), arrays.state, arrays.action):
        digest.update(np.ascontiguousarray(part).tobytes())
    return int.from_bytes(digest.digest(), "little") >> 1  # torch takes 63 bits


def seed_everything(seed: int) -> None:
    """Seed torch's global generator (weights, dropout, diffusion noise); one thread, so that sums keep their order."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)


def train(
    learner: Learner,
    arrays: Arrays,
    recipe: Recipe,
    progress: Callable[[float, str], None] | None = None,
    keep: Callable[[int], None] | None = None,
) -> Trained:
    """Train in place; the same seed, demos and machine give the same weights.

    Args:
        progress: called with (fraction done, text) once per point of the curve.
        keep: called with the number of gradient steps done, after each of them; it may look at the learner, and must
            neither change it nor draw from a generator that training draws from.
    """
    frames, held_out = split_episodes(arrays.episode_index, recipe.held_out)
    deltas = learner.observation_deltas, learner.action_deltas
    windows, kept_out = (make_windows(arrays, x, *deltas, recipe.shuffled) for x in (frames, held_out))
    rng = np.random.default_rng((recipe.seed, 0xBA7C4))
    optimiser = AdamW(learner.parameters())
    every = max(1, recipe.steps // CURVE_POINTS)
    curve: list[tuple[int, float, float, float | None]] = []
    recent: list[float] = []
    for step in range(1, recipe.steps + 1):
        batch = windows.batch(rng.integers(0, len(windows.starts), recipe.batch_size))
        batch = augment(batch, rng, recipe.shift_px, recipe.jitter)
        optimiser.zero_grad()
        loss = learner.loss(batch, train=True)
        loss.backward()
        rate = recipe.learning_rate * rate_factor(step - 1, recipe)
        optimiser.step(rate)
        recent.append(float(loss.detach()))
        if keep:
            keep(step)
        if step % every == 0 or step == recipe.steps:
            measured = len(curve) % (CURVE_POINTS // HELD_OUT_POINTS) == 0 or step == recipe.steps
            held = evaluate_loss(learner, kept_out) if measured else None
            curve.append((step, float(np.mean(recent)), rate, held))
            recent.clear()
            if progress:
                progress(step / recipe.steps, f"step {step}, loss {curve[-1][1]:.4f}")
    return Trained(curve, curve[-1][1], curve[-1][3]) if curve else Trained(curve, None, evaluate_loss(learner, kept_out))


def save_curve(path: Path, trained: Trained) -> None:
    """Write the curve as CSV; `held_out_loss` stays empty where it was not measured."""
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("step", "loss", "learning_rate", "held_out_loss"))
        rows.writerows((s, f"{x:.6f}", f"{r:.3e}", "" if h is None else f"{h:.6f}") for s, x, r, h in trained.curve)


@torch.no_grad()
def evaluate_loss(learner: Learner, windows: Windows, limit: int = 512) -> float | None:
    """Mean loss over at most `limit` evenly spread windows, or None where there is none."""
    if len(windows.starts) == 0:
        return None
    index = np.unique(np.linspace(0, len(windows.starts) - 1, limit).astype(int))
    parts = [windows.batch(i) for i in np.array_split(index, max(1, len(index) // 64))]
    return float(np.mean([float(learner.loss(p, train=False)) for p in parts]))


def parameter_count(learner: Learner) -> int:
    """Numbers that training adjusts."""
    return sum(p.numel() for p in learner.parameters())


def weights_digest(learner: Learner) -> str:
    """sha256 over names and values of the weights."""
    digest = hashlib.sha256()
    for name, value in sorted(learner.weights().items()):
        digest.update(name.encode() + value.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def rate_factor(step: int, s: Recipe) -> float:
    """Share of the peak learning rate at a step from 0: a linear rise, then half a cosine down to 0."""
    warmup = max(1, int(s.warmup_fraction * s.steps))
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1 + float(np.cos(np.pi * (step - warmup) / max(1, s.steps - warmup))))
