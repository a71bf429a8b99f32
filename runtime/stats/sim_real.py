"""Does one domain tell what another one would: correlation, ranking and gap between simulated and real success.

The unit is the policy: each is a point (simulated rate, real rate). Bands answer *for these policies*: they hold what
the numbers of trials leave open, by draws from each rate's Beta distribution given its counts (Jeffreys' prior). What
further policies would do stays unknown with the handful that people compare: `new_policies` resamples the policies as
well, and gives no band below five of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from runtime.stats.band import Band

FEWEST_POLICIES = 5
Measure = Callable[[np.ndarray, np.ndarray], float]


@dataclass(frozen=True)
class Rates:
    """Success of one policy in two domains. A domain whose number of trials is unknown is taken as exact."""

    policy: str
    simulated: float
    real: float
    simulated_trials: int | None = None
    real_trials: int | None = None

    def __post_init__(self) -> None:
        for rate in (self.simulated, self.real):
            if not 0 <= rate <= 1:
                raise ValueError(f"success of `{self.policy}` is a share from 0 to 1, not {rate:g}")


@dataclass(frozen=True)
class Agreement:
    """One measure with its bands; a band is None where it cannot be known."""

    value: float
    band: Band | None
    new_policies: Band | None
    level: float
    policies: int


def pearson(simulated: np.ndarray, real: np.ndarray) -> float:
    """Linear correlation; NaN where either domain does not tell the policies apart."""
    s, r = simulated - simulated.mean(), real - real.mean()
    scale = float(np.sqrt((s**2).sum() * (r**2).sum()))
    return float((s * r).sum() / scale) if scale > 1e-12 else float("nan")


def spearman(simulated: np.ndarray, real: np.ndarray) -> float:
    """Rank correlation with mean ranks for ties; NaN where either domain ranks nothing."""
    return pearson(stats.rankdata(simulated), stats.rankdata(real))


def kendall(simulated: np.ndarray, real: np.ndarray) -> float:
    """Kendall's tau-b."""
    return float(stats.kendalltau(simulated, real).statistic)


def mmrv(simulated: np.ndarray, real: np.ndarray) -> float:
    """Mean maximum rank violation (Li et al. 2024, SIMPLER): 0 where simulation ranks every pair as reality does.

    For each policy, the largest real difference to a policy that simulation ranks the other way; then the mean. It is
    in the units of the *second* argument, so that swapping the two gives another number.
    """
    wrong = (simulated[:, None] > simulated) != (real[:, None] > real)
    return float(np.where(wrong, np.abs(real[:, None] - real), 0.0).max(axis=1).mean())


MEASURES: dict[str, Measure] = {"pearson": pearson, "spearman": spearman, "kendall": kendall, "mmrv": mmrv}


def agreement(
    policies: Sequence[Rates], measure: Measure, level: float = 0.95, draws: int = 2000, seed: int = 0
) -> Agreement:
    """A measure of agreement over policies, with bands.

    Args:
        policies: at least two, each once.
        measure: one of `MEASURES`, or any function of simulated and real rates [P].
        level: confidence level of the bands.
        draws: of the bootstrap.
        seed: of the draws, so that the same counts give the same band.

    Raises:
        ValueError: with fewer than two policies, or one that comes twice.
    """
    names = [p.policy for p in policies]
    if len(names) < 2:
        raise ValueError("agreement needs at least two policies")
    if len(set(names)) < len(names):
        raise ValueError(f"policy `{max(names, key=names.count)}` comes twice")
    simulated, real = np.array([p.simulated for p in policies]), np.array([p.real for p in policies])
    value = measure(simulated, real)
    rng = np.random.default_rng(seed)
    s = _draws(rng, simulated, [p.simulated_trials for p in policies], draws)
    r = _draws(rng, real, [p.real_trials for p in policies], draws)
    unknown = all(p.simulated_trials is None and p.real_trials is None for p in policies)
    band = None if unknown else _band([measure(a, b) for a, b in zip(s, r, strict=True)], level)
    wider = None
    if len(names) >= FEWEST_POLICIES:
        picks = rng.integers(0, len(names), (draws, len(names)))
        wider = _band([measure(a[i], b[i]) for a, b, i in zip(s, r, picks, strict=True)], level)
    return Agreement(value, band, wider, level, len(names))


def _draws(rng: np.random.Generator, rates: np.ndarray, trials: Sequence[int | None], draws: int) -> np.ndarray:
    """[draws, P] rates that the counts leave possible."""
    columns = [
        np.full(draws, rate) if n is None else rng.beta(round(rate * n) + 0.5, n - round(rate * n) + 0.5, draws)
        for rate, n in zip(rates, trials, strict=True)
    ]
    return np.stack(columns, axis=1)


def _band(values: Sequence[float], level: float) -> Band | None:
    """Percentile band of the draws in which the measure exists; None where that is fewer than nine of ten."""
    found = np.array([v for v in values if v == v])
    if len(found) < 0.9 * len(values):
        return None
    low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2])
    return Band(float(low), float(high))
