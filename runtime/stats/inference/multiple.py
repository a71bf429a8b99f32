"""Many comparisons at once: adjusted p-values, and levels at which all bands hold together."""

from collections.abc import Callable, Sequence

from runtime.stats.band import Band

FINEST = 1e-6
"""The smallest p-value that is told from zero."""


def p_value(band: Callable[[float], Band], at: float = 0.0) -> float:
    """One minus the highest level whose band leaves out `at`: the two-sided test that the band stands for.

    Args:
        band: level -> band; a higher level must not be narrower.
        at: value under test, in the band's units.

    Returns:
        Between `FINEST` and 1, to three digits or better.
    """
    low, high = FINEST, 1.0 - FINEST
    if band(low).contains(at):
        return 1.0
    if not band(high).contains(at):
        return FINEST
    while high - low > 1e-4 * (1 - low):
        middle = 1 - ((1 - low) * (1 - high)) ** 0.5 if low > 0.5 else (low + high) / 2
        low, high = (low, middle) if band(middle).contains(at) else (middle, high)
    return 1 - low


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's (1979) adjusted p-values: rejecting those up to alpha errs anywhere with at most that probability."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted, worst = [0.0] * len(p_values), 0.0
    for rank, i in enumerate(order):
        worst = max(worst, min(1.0, (len(order) - rank) * p_values[i]))
        adjusted[i] = worst
    return adjusted


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Benjamini and Hochberg's (1995) adjusted p-values: of those up to q, at most a share q is false on average.

    Holds for independent and for positively dependent comparisons, as those with one shared baseline are.
    """
    from scipy.stats import false_discovery_control

    return [float(p) for p in false_discovery_control(list(p_values))] if len(p_values) else []


def simultaneous_level(level: float, comparisons: int) -> float:
    """Level of each band so that all of them together hold at `level`, however they depend (Bonferroni).

    Raises:
        ValueError: when there is no comparison or `level` is not within 0..1.
    """
    if comparisons < 1 or not 0 < level < 1:
        raise ValueError(f"a level in 0..1 and at least one comparison are needed, not {level}, {comparisons}")
    return 1 - (1 - level) / comparisons
