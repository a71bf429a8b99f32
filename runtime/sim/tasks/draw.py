"""What initial states of several kinds have in common: what a split may hold, and places that are apart."""

from typing import Any

import numpy as np

from runtime.bound.task import Area, Worded
from runtime.bound.thing import Thing, WithThing

HELD_OUT = "trial"  # the purpose whose states may hold what training never met


def wording(task: Worded, rng: np.random.Generator, purpose: str) -> dict[str, Any]:
    """How the instruction is said this time, as settings of the task."""
    said = (task.instruction, *task.wordings, *(task.held_out_wordings if purpose == HELD_OUT else ()))
    chosen = said[int(rng.integers(len(said)))]
    return {} if chosen == task.instruction else {"instruction": chosen}


def thing(task: WithThing, rng: np.random.Generator, purpose: str) -> tuple[Thing, dict[str, Any]]:
    """The thing of one start, and the settings that say so."""
    things = (task.thing, *(task.held_out_things if purpose == HELD_OUT else ()))
    chosen = things[int(rng.integers(len(things)))]
    return chosen, {} if chosen == task.thing else {"thing": chosen.model_dump(mode="json")}


def apart(rng: np.random.Generator, area: Area, least_m: float) -> tuple[np.ndarray, np.ndarray]:
    """Two places [2] in an area, `least_m` or more from one another; as far as they come apart in 1000 draws."""
    low, high = (area.center_x_m - area.half_x_m, -area.half_y_m), (area.center_x_m + area.half_x_m, area.half_y_m)
    best = (-1.0, np.zeros(2), np.zeros(2))
    for _ in range(1000):
        a, b = rng.uniform(low, high), rng.uniform(low, high)
        far = float(np.hypot(*(a - b)))
        if far >= least_m:
            return a, b
        best = max(best, (far, a, b), key=lambda pair: pair[0])
    return best[1:]
