"""Agreement of two raters beyond chance: Cohen's kappa, with the large-sample error of Fleiss, Cohen and Everitt (1969)."""

from collections.abc import Sequence
from math import sqrt
from statistics import NormalDist
from typing import NamedTuple


class Kappa(NamedTuple):
    """Kappa with its band; None where one rater always said the same, so that chance alone explains all agreement."""

    n: int
    agree: float  # share
    value: float | None
    low: float | None
    high: float | None


def kappa(one: Sequence[bool], other: Sequence[bool], level: float = 0.95) -> Kappa:
    """Kappa of two raters who each said yes or no of the same n things."""
    n = len(one)
    if not n:
        return Kappa(0, 0.0, None, None, None)
    p = [[sum(a == i and b == j for a, b in zip(one, other, strict=True)) / n for j in (False, True)] for i in (False, True)]
    rows, columns = [sum(row) for row in p], [sum(column) for column in zip(*p, strict=True)]
    agree, chance = p[0][0] + p[1][1], sum(r * c for r, c in zip(rows, columns, strict=True))
    if len(set(one)) == 1 or len(set(other)) == 1:
        return Kappa(n, agree, None, None, None)
    value = (agree - chance) / (1 - chance)
    same = sum(p[i][i] * (1 - (rows[i] + columns[i]) * (1 - value)) ** 2 for i in (0, 1))
    apart = (1 - value) ** 2 * sum(p[i][1 - i] * (columns[i] + rows[1 - i]) ** 2 for i in (0, 1))
    error = sqrt(max(0.0, same + apart - (value - chance * (1 - value)) ** 2) / n) / (1 - chance)
    wide = NormalDist().inv_cdf(0.5 + level / 2) * error
    low, high = value - wide, value + wide
    if agree == 1:  # the error vanishes, whatever n is: as low as Clopper and Pearson's bound of agreement makes it
        low = (((1 - level) / 2) ** (1 / n) - chance) / (1 - chance)
    return Kappa(n, agree, value, max(-1.0, low), min(1.0, high))
