"""Quantiles of Student's t and of chi-square, in plain Python: the compiler has no scipy.

Student's t goes through the regularised incomplete beta function, whose continued fraction is evaluated by the modified
Lentz algorithm (Press et al., Numerical Recipes, section 6.4), and Newton's method kept in a bracket; chi-square through
the series of the regularised lower incomplete gamma function (section 6.2), which converges fast below the mean, and
bisection.
"""

from functools import cache
from math import exp, inf, lgamma, log, log1p, pi
from statistics import NormalDist

TINY = 1e-300
NORMAL_FROM = 1e6
"""Degrees of freedom from which t is taken as normal; quantiles then differ by less than 1e-5."""
CUBE_ROOT_FROM = 2_000
"""Degrees of freedom from which Wilson and Hilferty's (1931) cube root of chi-square is taken; then exact to 1e-4."""


def t_cdf(t: float, degrees: float) -> float:
    """P(T <= t) for `degrees` > 0."""
    tail = 0.5 * _incomplete_beta(degrees / (degrees + t * t), degrees / 2, 0.5)
    return 1 - tail if t > 0 else tail


@cache
def t_quantile(p: float, degrees: float) -> float:
    """The t with P(T <= t) = p; infinite at 0 and 1 and where there are no degrees of freedom.

    Raises:
        ValueError: when `p` is not within 0..1.
    """
    if not 0 <= p <= 1:
        raise ValueError(f"a probability lies in 0..1, not {p}")
    if p == 0.5:
        return 0.0
    if p < 0.5:
        return -t_quantile(1 - p, degrees)
    if p == 1 or degrees <= 0:
        return inf
    if degrees >= NORMAL_FROM:
        return NormalDist().inv_cdf(p)
    low, high, t = 0.0, inf, NormalDist().inv_cdf(p)
    for _ in range(200):
        miss = t_cdf(t, degrees) - p
        low, high = (low, t) if miss > 0 else (t, high)
        better = t - miss / _density(t, degrees)
        if not low < better < high:
            better = (low + high) / 2 if high < inf else 2 * t
        if abs(better - t) <= 1e-12 * t:
            return better
        t = better
    return t


def _density(t: float, degrees: float) -> float:
    scale = lgamma((degrees + 1) / 2) - lgamma(degrees / 2) - log(degrees * pi) / 2
    return exp(scale - (degrees + 1) / 2 * log1p(t * t / degrees))


def _incomplete_beta(x: float, a: float, b: float) -> float:
    """I_x(a, b), the regularised incomplete beta function, for x in 0..1."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x))
    if x < (a + 1) / (a + b + 2):
        return front * _continued_fraction(x, a, b) / a
    return 1 - front * _continued_fraction(1 - x, b, a) / b


def _continued_fraction(x: float, a: float, b: float) -> float:
    c, d = 1.0, 1 / _not_zero(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, 10_000):
        for numerator in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / _not_zero(1 + numerator * d)
            c = _not_zero(1 + numerator / c)
            value *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return value


def _not_zero(value: float) -> float:
    return value if abs(value) > TINY else TINY


def chi_square_cdf(x: float, degrees: float) -> float:
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
def chi_square_quantile(p: float, degrees: float) -> float:
    """The x with P(X <= x) = p, for `p` in 0..0.5.

    Raises:
        ValueError: when `p` is not within 0..0.5 or there are no degrees of freedom.
    """
    if not 0 <= p <= 0.5 or degrees <= 0:
        raise ValueError(f"a lower quantile needs a probability in 0..0.5 and degrees above 0, not {p}, {degrees}")
    if p == 0:
        return 0.0
    if degrees >= CUBE_ROOT_FROM:
        spread = 2 / (9 * degrees)
        return degrees * (1 - spread + NormalDist().inv_cdf(p) * spread**0.5) ** 3
    low, high = 0.0, degrees
    # The median lies below the mean; halving first keeps the digits of quantiles near zero.
    while chi_square_cdf(high / 2, degrees) > p:
        high /= 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if chi_square_cdf(middle, degrees) < p else (low, middle)
    return (low + high) / 2
