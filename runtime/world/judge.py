"""The seam of role `judge`: rollouts in, a score for each out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Seen:
    """N rollouts of T steps, as judges are shown them. Pictures are made when somebody looks."""

    films: "Sequence[Callable[[], np.ndarray]]"  # each u8 [T + 1, H, W, 3]
    done: "np.ndarray"  # [N, T] what the world model's success head says: the chance that it was done by then
    reward: "np.ndarray"  # [N, T] what its reward head says of each step
    dense: float  # the most that a step's reward can be before success
    success: float  # what success adds to a step's reward
    instruction: str
    weights: str = ""  # sha256 of the judge's weights, as the study names it
    room: Path | None = None  # a folder for files on the way


@dataclass(frozen=True)
class Said:
    """What a judge says of N rollouts."""

    score: "np.ndarray"  # [N] 0 for surely failed to 1 for surely done
    text: "np.ndarray | None" = None  # bool [N]: done in its own words, of a judge that speaks


class Judge:
    """A back end of role `judge`."""

    def judge(self, seen: Seen) -> Said:
        """Scores of all rollouts, each independent of the others."""
        raise NotImplementedError


def smooth(reward: "np.ndarray") -> "np.ndarray":
    """Mean over three steps of rewards [N, T]: a reward head is noisy."""
    import numpy as np

    padded = np.pad(reward, ((0, 0), (1, 1)), "edge")
    return (padded[:, :-2] + padded[:, 1:-1] + padded[:, 2:]) / 3


def progress(seen: Seen) -> "np.ndarray":
    """How far rollouts got at their best, 0 to 1 [N], by the dense terms of the reward alone: what the reward head says,
    less what it expects for success."""
    import numpy as np

    return np.clip(smooth(seen.reward - seen.success * seen.done).max(1) / seen.dense, 0, 1)
