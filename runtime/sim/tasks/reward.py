"""Rewards for learning by trial and error: named parts, each with its unit, whose weights a study sets.

A part that `shapes` is a potential of the state and pays for its change, discounted as the learner discounts: it changes how fast
is learned and not what is best (Ng, Harada and Russell 1999). The others pay what they are at each step. Kinds name theirs in
`KIND/reward.py`; a kind without that file has the terms of its `REWARD`.
"""

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from runtime.bound.task import Task
from runtime.problem import InputError, Problem
from runtime.sim.tasks import kind_of
from runtime.sim.tasks.kind import Moment, Term
from runtime.sim.tasks.one_thing import success_bool

SHAKEN = 10.0  # rad^2/s: where `shaking` ends


@dataclass(frozen=True)
class Part:
    """One part of a reward: what it measures, what a unit of that is worth, and in which unit."""

    of: Term
    weight: float
    unit: str
    shapes: bool = True


def seconds(now: Moment[Any]) -> float:
    """How long the step took."""
    return now.step_s


def shaking(now: Moment[Any]) -> float:
    """Squared speed of the joint targets, summed over joints, times the step's length: how far commands jump; at most 10."""
    return min(float(now.changed_rad @ now.changed_rad) / now.step_s, SHAKEN)


COMMON: dict[str, Part] = {
    "success": Part(success_bool, 5.0, "1", shapes=False),
    "time": Part(seconds, -0.25, "s", shapes=False),
    "smooth": Part(shaking, -0.02, "rad^2/s", shapes=False),
}
"""Parts that every kind has: what is to be done, soon, and without shaking."""


def parts_of(task: Task, weights: Mapping[str, float] | None = None) -> dict[str, Part]:
    """The parts of a task's reward by their names; `weights` replaces some of their weights, and one of weight 0 is left out.

    Raises:
        InputError: R380 when the task has no part of such a name, or a weight is no finite number.
    """
    kind = kind_of(task)
    name = f"{type(task).__module__.rpartition('.')[0]}.reward"
    if importlib.util.find_spec(name):
        parts = importlib.import_module(name).PARTS | COMMON
    else:
        named = {getattr(term, "__name__", str(term)): Part(term, weight, "1") for term, weight in kind.REWARD.items()}
        parts = {name: part for name, part in named.items() if name != success_bool.__name__} | COMMON
    given = dict(weights or {})
    for name, weight in given.items():
        if name not in parts or not np.isfinite(weight):
            message = (
                f"the reward of `{task.kind}` has no part `{name}`" if name not in parts else f"`{name}: {weight}` is no weight"
            )
            raise InputError(Problem("R380", message, f"its parts are {', '.join(parts)}", f"reward.{name}"))
    weighed = {name: Part(one.of, float(given.get(name, one.weight)), one.unit, one.shapes) for name, one in parts.items()}
    return {name: one for name, one in weighed.items() if one.weight}
