"""Effect sizes over training runs: mean and standard error with n, Cohen's d with its small-sample correction."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, lgamma

import numpy as np


@dataclass(frozen=True)
class Mean:
    """Mean over n training runs and its standard error, which one run cannot give."""

    value: float
    error: float | None
    n: int

    def __str__(self) -> str:
        error = "unknown" if self.error is None else f"{self.error:.1f}"
        return f"{self.value:.1f} ± {error} (SE, n={self.n})"


def mean_over_runs(values: Sequence[float] | np.ndarray) -> Mean:
    """Mean of one value per training run.

    Raises:
        ValueError: when there is none.
    """
    if len(values) == 0:
        raise ValueError("a mean needs at least one training run")
    found = np.asarray(values, dtype=float)
    error = float(found.std(ddof=1) / len(found) ** 0.5) if len(found) > 1 else None
    return Mean(float(found.mean()), error, len(found))


def cohens_d(treated: Sequence[float] | np.ndarray, base: Sequence[float] | np.ndarray) -> float | None:
    """Difference of means over the pooled standard deviation between runs; None where runs do not differ or are one."""
    a, b = np.asarray(treated, dtype=float), np.asarray(base, dtype=float)
    degrees = len(a) + len(b) - 2
    if min(len(a), len(b)) < 2:
        return None
    spread = (((a - a.mean()) ** 2).sum() + ((b - b.mean()) ** 2).sum()) / degrees
    return float((a.mean() - b.mean()) / spread**0.5) if spread > 0 else None


def hedges_g(treated: Sequence[float] | np.ndarray, base: Sequence[float] | np.ndarray) -> float | None:
    """Cohen's d without its upward bias in small samples (Hedges 1981): with three runs a side it is 20 % smaller."""
    d, m = cohens_d(treated, base), len(treated) + len(base) - 2
    return None if d is None else d * exp(lgamma(m / 2) - lgamma((m - 1) / 2)) / (m / 2) ** 0.5
