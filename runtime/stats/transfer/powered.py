"""Real success from few real trials and many simulated ones: prediction-powered inference.

Angelopoulos et al. (2023), with the tuning of Angelopoulos, Duchi and Zrnic (2023, "PPI++"). The simulated trials serve
as predictions. Real trials whose initial states were simulated too tell how far the predictions are off, so that the
estimate is right however bad the simulation is; a bad one merely does not help. It speaks of these very policies and of
the initial states that the trials were drawn from.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from runtime.stats.band import Band


@dataclass(frozen=True)
class Powered:
    """Real success, in points. `weight` 0..1 is how far simulation was trusted; `classical` uses real trials alone.

    `saved` is the share of real trials that simulation was worth: 0.3 means that about 1 / 0.7 as many real trials
    alone would have given this band.
    """

    value: float
    band: Band
    weight: float
    classical: float
    classical_band: Band
    saved: float
    level: float
    real_trials: int
    simulated_trials: int

    @property
    def trials_saved(self) -> float:
        """How many real trials more would have given this band without simulation, about."""
        return self.real_trials * self.saved / (1 - self.saved)


def powered_mean(
    real: Sequence[float], paired: Sequence[float], simulated: Sequence[float], level: float = 0.95, weight: float | None = None
) -> Powered:
    """Mean of real outcomes.

    Args:
        real: outcomes 0..1 of real trials [n].
        paired: simulated outcomes at the same initial states, in the same order [n].
        simulated: outcomes at further initial states, drawn as the real ones were [N].
        level: confidence level.
        weight: trust in simulation; None finds the one of least variance.

    The band is Student's with n - 1 degrees of freedom, about the estimate with one trial added that succeeded in
    reality only, and one that did so in simulation only (as Agresti and Caffo add counts): with few binary outcomes
    that agree by chance, or rates near 0 and 1, a plain band is too short and in the wrong place.

    Raises:
        ValueError: with fewer than two real trials, lists that do not match, or outcomes outside 0..1.
    """
    y, f, g = (np.asarray(values, float) for values in (real, paired, simulated))
    if len(y) != len(f):
        raise ValueError(f"{len(y)} real trials do not pair with {len(f)} simulated ones")
    if len(y) < 2 or len(g) < 1:
        raise ValueError("at least two real trials and one further simulated trial are needed")
    if any(((v < 0) | (v > 1) | np.isnan(v)).any() for v in (y, f, g)):
        raise ValueError("outcomes are shares from 0 to 1")
    weight = tuned_weight(y, f, g) if weight is None else weight
    value = weight * g.mean() + (y - weight * f).mean()
    n = len(y)
    added_y, added_f, added_g = np.append(y, (1.0, 0.0)), np.append(f, (0.0, 1.0)), np.append(g, (0.0, 1.0))
    centre = weight * added_g.mean() + (added_y - weight * added_f).mean()
    variance = (added_y - weight * added_f).var(ddof=1) / (n + 2) + weight**2 * added_g.var(ddof=1) / len(g)
    plain = added_y.var(ddof=1) / (n + 2)
    reach = float(stats.t.ppf((1 + level) / 2, n - 1))
    return Powered(
        100 * float(value),
        _points(float(centre), reach * variance**0.5),
        float(weight),
        100 * float(y.mean()),
        _points(float(added_y.mean()), reach * plain**0.5),
        float(1 - variance / plain),
        level,
        n,
        len(g),
    )


def tuned_weight(real: np.ndarray, paired: np.ndarray, simulated: np.ndarray) -> float:
    """The weight of least variance, within 0 and 1: cov(real, paired) / ((1 + n / N) var(all simulated))."""
    n, more = len(real), len(simulated)
    spread = np.concatenate([paired, simulated]).var(ddof=1)
    if spread <= 0:
        return 0.0
    covariance = float(np.mean((real - real.mean()) * (paired - paired.mean())))
    return float(np.clip(covariance / ((1 + n / more) * spread), 0.0, 1.0))


def _points(value: float, reach: float) -> Band:
    return Band(100 * (value - reach), 100 * (value + reach)).clip(0.0, 100.0)
