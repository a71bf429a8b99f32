"""Sample efficiency: how many times fewer gradient steps a treatment takes to where the baseline ends.

The band comes from turning the question round. For an amount x, the band of (treatment after x steps minus baseline
after its last) says whether x is too few, enough, or could be just right; the amounts that could be just right are a
confidence set for the crossing at the band's own level, whatever the curve's shape between zero and there (as Fieller's
for a ratio). A bootstrap over runs would need many more runs than studies have: `python -m benchmarks.learning_curves`.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from runtime.stats.curves.area import needed_for
from runtime.stats.curves.curve import Curves, common, lead, shared

PARTS = 12
"""Amounts looked at between two checkpoints; ends of the band are rounded outwards to one of them."""


Kind = Literal["exact", "at least", "at most"]


@dataclass(frozen=True)
class Efficiency:
    """`at / amount`: above 1 the treatment takes fewer steps.

    `value` is exact, a bound from below (`at least`: the first checkpoint is there already) or from above (`at most`:
    the last one is not there yet). An end of the band is None where the curve does not show it.
    """

    at: float
    value: float
    kind: Kind
    low: float | None
    high: float | None
    reason: str = ""


def efficiency(treated: Curves, base: Curves, level: float, shared_training: bool = False, pair: bool = True) -> Efficiency | str:
    """How many times fewer steps, for the rate that the baseline has at its last checkpoint; else why there is none."""
    ours, theirs = shared(treated, base)
    if not ours:
        return "no training run has a counterpart of the baseline"
    ends = {max(run) for runs in theirs.values() for run in runs.values()}
    if len(ends) > 1:
        return "the baseline's training is not equally long everywhere"
    at = float(ends.pop())
    there, over = common(run for runs in ours.values() for run in runs.values())
    if over is None or at == 0:
        return "a policy that is not trained has no gradient steps to save"
    if not there or over[0] == over[1]:
        return "one checkpoint makes no curve"
    amounts = _grid(ours, over)
    leads = [lead(ours, theirs, x, at, level, shared_training, pair) for x in amounts]
    values = [found.value for found in leads]
    crossed = needed_for(amounts, values, 0.0)
    kind: Kind = "at most" if crossed is None else "at least" if crossed == amounts[0] else "exact"
    value = at / (amounts[-1] if crossed is None else crossed)
    if leads[0].degrees <= 0:
        return Efficiency(at, value, kind, None, None, "one training run says nothing about others")
    signs = [1 if found.band.low > 0 else -1 if found.band.high < 0 else 0 for found in leads]
    fewest = None if signs[0] >= 0 else next((amounts[i - 1] for i, s in enumerate(signs) if s >= 0), amounts[-1])
    behind = max((i for i, s in enumerate(signs) if s <= 0), default=-1)
    most = None if behind == len(amounts) - 1 else amounts[behind + 1]
    return Efficiency(at, value, kind, None if most is None else at / most, None if fewest is None else at / fewest)


def _grid(curves: Curves, over: tuple[float, float]) -> list[float]:
    """Amounts from the first to the last, every checkpoint of every run among them."""
    knots = sorted({over[0], over[1], *(float(x) for runs in curves.values() for run in runs.values() for x in run)})
    knots = [x for x in knots if over[0] <= x <= over[1]]
    parts = [np.linspace(low, high, PARTS, endpoint=False).tolist() for low, high in pairwise(knots)]
    return [x for part in parts for x in part] + [knots[-1]]
