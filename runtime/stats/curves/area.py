"""A curve that is straight between its points: its mean height, and where it first reaches a height."""

from collections.abc import Sequence

import numpy as np


def area(amounts: Sequence[float], rates: Sequence[float]) -> float:
    """Mean height of a curve over its range, by trapezoids: in the units of `rates`.

    Raises:
        ValueError: when the amounts do not rise, or are fewer than two.
    """
    x, y = np.asarray(amounts, dtype=float), np.asarray(rates, dtype=float)
    if len(x) < 2 or len(x) != len(y) or (np.diff(x) <= 0).any():
        raise ValueError("an area needs two or more rising amounts and a rate for each")
    return float(np.trapezoid(y, x) / (x[-1] - x[0]))


def needed_for(amounts: Sequence[float], rates: Sequence[float], target: float) -> float | None:
    """The least amount at which the curve, straight between points, reaches `target`; None where it never does."""
    previous: tuple[float, float] | None = None
    for amount, rate in zip(amounts, rates, strict=True):
        if rate >= target:
            if previous is None:
                return float(amount)
            x, y = previous
            return float(x + (amount - x) * (target - y) / (rate - y))
        previous = (amount, rate)
    return None
