"""Interactions with objects of a lab, as they are remembered, and a model of slots that learns from them."""

from dataclasses import dataclass

import numpy as np
import torch

from runtime.bound.lab import Lab
from runtime.developmental.slots import Pressures, SlotModel
from runtime.learn.optimiser import AdamW
from runtime.sim.lab.bench import MODES, SENSED, interact, view
from runtime.sim.lab.objects import Thing

GLANCES = 8
"""Interactions of each mode, at most, whose mean is what is known of an object."""


def deed(mode: int, amount: float) -> list[float]:
    """Mode as one-hot, and how strongly; 4 numbers."""
    return [float(mode == m) for m in range(len(MODES))] + [amount]


@dataclass(frozen=True)
class Sample:
    """One batch: what is known of objects [n, features], deeds [n, 4], outcomes [n, outputs], looks [n, 4]."""

    known: torch.Tensor
    deeds: torch.Tensor
    outcomes: torch.Tensor
    looks: torch.Tensor


class Episodes:
    """Episodic memory: every interaction, in the order in which they happened."""

    def __init__(self, lab: Lab, objects: list[Thing], rng: np.random.Generator) -> None:
        self.lab, self.objects, self.rng = lab, objects, rng
        self.looks = np.array([view(thing, rng, lab.noise) for thing in objects])
        self.count = 0
        self.things, self.deeds = np.zeros(64, int), np.zeros((64, 4))
        self.outcomes = np.zeros((64, 2 * len(SENSED) if lab.audio == "on" else len(SENSED)))
        self.rows = np.zeros((len(objects), len(MODES), 64), int)
        self.tried = np.zeros((len(objects), len(MODES)), int)

    def play(self, thing: int, mode: int, amount: float) -> np.ndarray:
        """Let an interaction happen, and remember it; its outcome [outputs]."""
        found = interact(self.lab, self.objects[thing], MODES[mode], amount, self.rng)
        outcome = found.all if self.lab.audio == "on" else found.sensed
        if self.count == len(self.things):
            self.things, self.deeds, self.outcomes = (np.concatenate([x, x]) for x in (self.things, self.deeds, self.outcomes))
        if self.tried[thing, mode] == self.rows.shape[2]:
            self.rows = np.concatenate([self.rows, self.rows], 2)
        self.rows[thing, mode, self.tried[thing, mode]] = self.count
        self.tried[thing, mode] += 1
        self.things[self.count], self.deeds[self.count], self.outcomes[self.count] = thing, deed(mode, amount), outcome
        self.count += 1
        return outcome

    def random(self, count: int) -> None:
        """Interactions drawn evenly."""
        for _ in range(count):
            self.play(int(self.rng.integers(len(self.objects))), int(self.rng.integers(len(MODES))), float(self.rng.random()))

    def known(self, things: np.ndarray, glances: int = GLANCES) -> np.ndarray:
        """What is known of some objects: the mean outcome of `glances` interactions of each mode, zeros where there was none, and
        the look; [n, 3 outputs + 4]."""
        tried = self.tried[things]  # [n, modes]
        drawn = (self.rng.random((*tried.shape, glances)) * tried[..., None]).astype(int)
        seen = np.take_along_axis(self.rows[things], drawn, 2)
        means = self.outcomes[seen].mean(2) * (tried > 0)[..., None]
        return np.concatenate([means.reshape(len(things), -1), self.looks[things]], 1)

    def sample(self, count: int) -> Sample:
        """A batch drawn evenly from all that is remembered."""
        at = self.rng.integers(self.count, size=count)
        things = self.things[at]
        parts = (self.known(things), self.deeds[at], self.outcomes[at], self.looks[things])
        return Sample(*(torch.tensor(part, dtype=torch.float32) for part in parts))

    @property
    def features(self) -> int:
        """Numbers in what is known of an object."""
        return len(MODES) * self.outputs + self.looks.shape[1]

    @property
    def outputs(self) -> int:
        """Numbers in an outcome."""
        return self.outcomes.shape[1]


def learn(model: SlotModel, episodes: Episodes, steps: int, pressures: Pressures, batch: int = 64, rate: float = 3e-3) -> float:
    """Train on what is remembered; the mean squared error of the last hundred batches."""
    optimiser = AdamW(list(model.parameters()), 0.0)
    errors = []
    for _ in range(steps):
        one = episodes.sample(batch)
        slots, outcome, look = model(one.known, one.deeds)
        error = (outcome - one.outcomes).pow(2).mean()
        loss = error + 0.2 * (look - one.looks).pow(2).mean() + pressures.loss(model, slots)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step(rate)
        errors.append(float(error.detach()))
    return float(np.mean(errors[-100:])) if errors else float("nan")
