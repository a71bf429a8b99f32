"""What initial states of several kinds have in common: what a split may hold, and places that are apart."""

from collections.abc import Callable
from typing import Any

import numpy as np

from runtime.bound.base import Bound
from runtime.bound.task import Area, Worded

HELD_OUT = "trial"  # the purpose whose states may hold what training never met


def wording(task: Worded, rng: np.random.Generator, purpose: str) -> dict[str, Any]:
    """How the instruction is said this time, as settings of the task."""
    said = (task.instruction, *task.wordings, *(task.held_out_wordings if purpose == HELD_OUT else ()))
    chosen = said[int(rng.integers(len(said)))]
    return {} if chosen == task.instruction else {"instruction": chosen}


def variant[T: Bound](task: Worded, name: str, rng: np.random.Generator, purpose: str) -> tuple[T, dict[str, Any]]:
    """The task's setting `name` in one start, such as its `thing`, and the settings that say so where it is one of
    `held_out_NAMEs`."""
    own = getattr(task, name)
    chosen = (own, *(getattr(task, f"held_out_{name}s") if purpose == HELD_OUT else ()))
    one = chosen[int(rng.integers(len(chosen)))]
    return one, {} if one == own else {name: one.model_dump(mode="json")}


def apart(
    rng: np.random.Generator, area: Area, least_m: float, fits: Callable[[np.ndarray, np.ndarray], bool] = lambda a, b: True
) -> tuple[np.ndarray, np.ndarray]:
    """Two places [2] in an area that fit, `least_m` or more from one another; as far as they come apart in 1000 draws."""
    low, high = (area.center_x_m - area.half_x_m, -area.half_y_m), (area.center_x_m + area.half_x_m, area.half_y_m)
    best = (-1.0, np.zeros(2), np.zeros(2))
    for _ in range(1000):
        a, b = rng.uniform(low, high), rng.uniform(low, high)
        far = float(np.hypot(*(a - b))) if fits(a, b) else -0.5
        if far >= least_m:
            return a, b
        best = max(best, (far, a, b), key=lambda pair: pair[0])
    return best[1:]
