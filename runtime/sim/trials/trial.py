"""One judged trial, whatever it ran in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Trial:
    """One judged trial. `film` draws what the cameras had before them at each step, u8 [T, H, W, 3]; `states`
    are the simulator's, before the first step and after each, where it ran in one."""

    initial_state: int
    success: bool
    score: float
    failure_mode: str
    steps: int
    film: Callable[[], np.ndarray]
    states: Sequence[np.ndarray] = ()

    def row(self) -> dict[str, object]:
        """All but the film, as the columns of a table of trials."""
        names = ("success", "score", "failure_mode", "steps")
        return {"initial_state": str(self.initial_state), **{name: getattr(self, name) for name in names}}
