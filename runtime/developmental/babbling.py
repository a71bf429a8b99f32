"""Babbling: play drawn evenly, then what is learnable again and again, then objects that were never touched."""

from dataclasses import dataclass

import numpy as np
import torch

from runtime.developmental.curiosity import Curiosity
from runtime.developmental.play import Episodes, deed
from runtime.developmental.slots import Pressures, SlotModel
from runtime.learn.optimiser import AdamW
from runtime.sim.lab.bench import MODES

TOLERANCE = 0.5
"""Largest root mean squared error of a foretold outcome that counts as right, in units of `bench.SCALE`."""
TRIES = 2
"""Interactions of an object that are foretold after a glance at each mode."""


class Babbler:
    """A model of slots that learns a step with every interaction, and what it remembers."""

    def __init__(self, model: SlotModel, episodes: Episodes, pressures: Pressures, rate: float = 3e-3, batch: int = 64) -> None:
        self.model, self.episodes, self.pressures, self.rate, self.batch = model, episodes, pressures, rate, batch
        self._optimiser = AdamW(list(model.parameters()), 0.0)

    def play(self, thing: int, mode: int, amount: float) -> tuple[float, np.ndarray]:
        """Foretell, play, remember, learn: the mean squared error beforehand, and the outcome."""
        expected = foretold(self.model, self.episodes, thing, mode, amount)
        outcome = self.episodes.play(thing, mode, amount)
        if self.episodes.count >= self.batch:
            one = self.episodes.sample(self.batch)
            slots, guess, look = self.model(one.known, one.deeds)
            loss = (guess - one.outcomes).pow(2).mean() + 0.2 * (look - one.looks).pow(2).mean()
            self._optimiser.zero_grad()
            (loss + self.pressures.loss(self.model, slots)).backward()
            self._optimiser.step(self.rate)
        return float(((expected - outcome) ** 2).mean()), outcome

    def at_random(self, count: int) -> list[float]:
        """Interactions drawn evenly; the error of each."""
        rng, objects = self.episodes.rng, len(self.episodes.objects)
        return [
            self.play(int(rng.integers(objects)), int(rng.integers(len(MODES))), float(rng.random()))[0] for _ in range(count)
        ]

    def by_competence(self, count: int, curiosity: Curiosity) -> list[float]:
        """Interactions that curiosity chooses among objects and modes; the error of each."""
        rng, errors = self.episodes.rng, []
        outputs = self.episodes.outputs
        means, seen = np.zeros((len(curiosity.count), outputs)), np.zeros(len(curiosity.count))
        for _ in range(count):
            choice = curiosity.choose(rng)
            error, outcome = self.play(*divmod(choice, len(MODES)), float(rng.random()))
            naive = outcome - means[choice]
            seen[choice] += 1
            means[choice] += naive / seen[choice]
            curiosity.saw(choice, error, float((naive**2).mean()))
            errors.append(error)
        return errors


def foretold(model: SlotModel, episodes: Episodes, thing: int, mode: int, amount: float) -> np.ndarray:
    """The outcome that is expected of a deed, [outputs]."""
    known = torch.tensor(episodes.known(np.array([thing])), dtype=torch.float32)
    with torch.no_grad():
        return model(known, torch.tensor([deed(mode, amount)]))[1][0].numpy()


@dataclass(frozen=True)
class Tried:
    """Outcomes foretold after a glance: the share that is right, and the root mean squared error."""

    right: float
    error: float
    items: tuple[bool, ...]


def try_out(model: SlotModel, fresh: Episodes) -> Tried:
    """One glance at each mode of every object, at a middling amount, then interactions that are foretold; nothing is learned."""
    errors = []
    for thing in range(len(fresh.objects)):
        for mode in range(len(MODES)):
            fresh.play(thing, mode, 0.5)
        for _ in range(TRIES):
            mode, amount = int(fresh.rng.integers(len(MODES))), float(fresh.rng.random())
            expected = foretold(model, fresh, thing, mode, amount)
            errors.append(float(((expected - fresh.play(thing, mode, amount)) ** 2).mean() ** 0.5))
    right = tuple(error < TOLERANCE for error in errors)
    return Tried(float(np.mean(right)), float(np.mean(np.square(errors)) ** 0.5), right)
