"""The lower quantiles of chi-square, in plain Python: the compiler has no scipy.

The distribution function is the series of the regularised lower incomplete gamma function (Press et al., Numerical
Recipes, section 6.2), which converges fast below the mean; quantiles are found by bisection.
"""

from functools import cache
from math import exp, lgamma, log
from statistics import NormalDist

LARGE = 2_000
"""Degrees of freedom from which Wilson and Hilferty's (1931) cube root is taken; then exact to 1e-4."""


def cdf(x: float, degrees: float) -> float:
    """P(X <= x) for `degrees` > 0 and x up to about the mean."""
    if x <= 0:
        return 0.0
    a, y = degrees / 2, x / 2
    term = total = 1 / a
    n = a
    while term > 1e-16 * total:
        n += 1
        term *= y / n
        total += term
    return min(1.0, total * exp(a * log(y) - y - lgamma(a)))


@cache
def quantile(p: float, degrees: float) -> float:
    """The x with P(X <= x) = p, for `p` in 0..0.5.

    Raises:
        ValueError: when `p` is not within 0..0.5 or there are no degrees of freedom.
    """
    if not 0 <= p <= 0.5 or degrees <= 0:
        raise ValueError(f"a lower quantile needs a probability in 0..0.5 and degrees above 0, not {p}, {degrees}")
    if p == 0:
        return 0.0
    if degrees >= LARGE:
        spread = 2 / (9 * degrees)
        return degrees * (1 - spread + NormalDist().inv_cdf(p) * spread**0.5) ** 3
    low, high = 0.0, degrees
    # The median lies below the mean; halving first keeps the digits of quantiles near zero.
    while cdf(high / 2, degrees) > p:
        high /= 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if cdf(middle, degrees) < p else (low, middle)
    return (low + high) / 2
