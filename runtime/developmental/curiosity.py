"""What to do next: learning progress (Oudeyer, Kaplan and Hafner 2007), which a television full of noise cannot buy.

The interest of a choice is by how much its error has fallen of late, never the error itself: noise stays as unpredictable as
it is, and so is boring. Choices that were tried often enough and whose outcomes still cannot be foretold are left alone.
"""

from typing import Literal

import numpy as np

Drive = Literal["progress", "error", "random"]
"""`progress` is the method; `error` (go where you are most wrong) and `random` are what it is held against."""

WARM = 3
"""Outcomes of a choice before its errors count for how learnable it is: what is foretold has as many coefficients."""


class Curiosity:
    """Interest in a number of choices, from errors as they come in."""

    def __init__(
        self,
        choices: int,
        drive: Drive = "progress",
        threshold: float = 0.2,
        tries: int = 5,
        explore: float = 0.1,
        fast: float = 0.3,
        slow: float = 0.1,
    ) -> None:
        """`threshold` is the learnability below which a choice is left alone once it had `tries`; `explore` the share of choices
        drawn evenly; `fast` and `slow` the weights of a new error in the two averages whose difference is progress."""
        self.drive, self.threshold, self.tries, self.explore = drive, threshold, tries, explore
        self.fast, self.slow = fast, slow
        self.count = np.zeros(choices, int)
        self.recent, self.long, self.left, self.naive = (np.zeros(choices) for _ in range(4))
        self._last = 0

    def saw(self, choice: int, error: float, naive: float) -> None:
        """Take in the error of an outcome, and what it would have been for who knows no more than the choice's own mean."""
        if self.count[choice] == 0:
            self.recent[choice] = self.long[choice] = error
        if self.count[choice] >= WARM:
            self.left[choice] += error
            self.naive[choice] += naive
        self.recent[choice] += self.fast * (error - self.recent[choice])
        self.long[choice] += self.slow * (error - self.long[choice])
        self.count[choice] += 1

    def learnability(self) -> np.ndarray:
        """Of each choice the share of its naive errors that was foretold, at least 0: of noise nothing is. [choices]."""
        return np.clip(1 - np.divide(self.left, self.naive, out=np.ones_like(self.left), where=self.naive > 0), 0, 1)

    def open(self) -> np.ndarray:
        """Which choices are not left alone, [choices]."""
        return (self.count < self.tries) | (self.learnability() >= self.threshold)

    def progress(self) -> np.ndarray:
        """By how much errors fell of late, at least 0; [choices]."""
        return np.maximum(self.long - self.recent, 0)

    def choose(self, rng: np.random.Generator) -> int:
        """The next choice. Where all are left alone, the last one again: curiosity has stalled."""
        if self.drive == "random":
            return int(rng.integers(len(self.count)))
        fresh = self.count < self.tries
        if self.drive == "error":
            allowed, interest = np.ones_like(fresh), self.recent
        else:
            allowed, interest = self.open(), self.progress()
        if not allowed.any():
            return self._last
        interest = np.where(fresh, max(float(interest.max()), 1e-9), interest) * allowed
        if rng.random() < self.explore or interest.sum() <= 0:
            interest = allowed.astype(float)
        self._last = int(rng.choice(len(interest), p=interest / interest.sum()))
        return self._last


class Foretold:
    """Outcomes of each choice foretold from how strongly it is done: recursive least squares on [1, a, a^2]."""

    def __init__(self, choices: int, outputs: int, ridge: float = 0.01) -> None:
        """`ridge` is what a new choice's outcomes are believed to be zero by, in outcomes."""
        self._inverse = np.tile(np.eye(3) / ridge, (choices, 1, 1))
        self._weights = np.zeros((choices, 3, outputs))
        self._mean, self._n = np.zeros((choices, outputs)), np.zeros(choices)

    def saw(self, choice: int, amount: float, outcome: np.ndarray) -> tuple[float, float]:
        """Learn from an outcome [outputs]; its mean squared error beforehand, and that of the mean of the choice's before it."""
        x = np.array([1.0, amount, amount**2])
        error = outcome - x @ self._weights[choice]
        naive = outcome - self._mean[choice]
        gain = self._inverse[choice] @ x / (1 + x @ self._inverse[choice] @ x)
        self._inverse[choice] -= np.outer(gain, x @ self._inverse[choice])
        self._weights[choice] += np.outer(gain, error)
        self._n[choice] += 1
        self._mean[choice] += naive / self._n[choice]
        return float((error**2).mean()), float((naive**2).mean())
