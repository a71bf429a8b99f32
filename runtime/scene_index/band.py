"""The band of what a context is worth."""

import numpy as np


def band_of(differences: np.ndarray, level: float = 0.95) -> tuple[float, float, float]:
    """Mean of paired differences [Q] and its band by Student's t, targets being drawn anew; an open one of a single target."""
    from scipy.stats import t

    mean = float(np.mean(differences))
    if len(differences) < 2:
        return mean, float("-inf"), float("inf")
    half = float(t.ppf(0.5 + level / 2, len(differences) - 1) * np.std(differences, ddof=1) / np.sqrt(len(differences)))
    return mean, mean - half, mean + half
