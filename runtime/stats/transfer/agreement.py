"""Does one domain tell what another one would: correlation, ranking and gap between simulated and real success.

The unit is the policy: each is a point (simulated rate, real rate). Bands answer *for these policies*: they hold what
the numbers of trials leave open of their true rates (`runtime.stats.transfer.latent`), and therefore may lie to one side of the
value as it was counted, which luck in trials draws towards no agreement. `new_policies` is about as many others of the same
population, and gives no band below five of them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from scipy import stats

from runtime.stats.band import Band
from runtime.stats.transfer.latent import posterior

FEWEST_POLICIES = 5
_MOST_PAIRS = 4_000_000
"""Pairs of policies, over draws, that are held at once."""
Measure = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Simulated and real rates [..., P] -> [...]."""


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


def pearson(simulated: np.ndarray, real: np.ndarray) -> np.ndarray:
    """Linear correlation over the last axis of [..., P]; NaN where either domain does not tell the policies apart."""
    s, r = simulated - simulated.mean(-1, keepdims=True), real - real.mean(-1, keepdims=True)
    scale = np.sqrt((s**2).sum(-1) * (r**2).sum(-1))
    return np.where(scale > 1e-12, (s * r).sum(-1) / np.maximum(scale, 1e-12), np.nan)


def spearman(simulated: np.ndarray, real: np.ndarray) -> np.ndarray:
    """Rank correlation with mean ranks for ties; NaN where either domain ranks nothing."""
    return pearson(stats.rankdata(simulated, axis=-1), stats.rankdata(real, axis=-1))


def kendall(simulated: np.ndarray, real: np.ndarray) -> np.ndarray:
    """Kendall's tau-b; NaN where either domain ranks nothing."""
    s, r = (np.sign(rates[..., :, None] - rates[..., None, :]) for rates in (simulated, real))
    scale = np.sqrt((s**2).sum((-2, -1)) * (r**2).sum((-2, -1)))
    return np.where(scale > 0, (s * r).sum((-2, -1)) / np.maximum(scale, 1), np.nan)


def mmrv(simulated: np.ndarray, real: np.ndarray) -> np.ndarray:
    """Mean maximum rank violation (Li et al. 2024, SIMPLER): 0 where simulation ranks every pair as reality does.

    For each policy, the largest real difference to a policy that simulation ranks the other way; then the mean. It is
    in the units of the *second* argument, so that swapping the two gives another number.
    """
    wrong = (simulated[..., :, None] > simulated[..., None, :]) != (real[..., :, None] > real[..., None, :])
    return np.where(wrong, np.abs(real[..., :, None] - real[..., None, :]), 0.0).max(-1).mean(-1)


MEASURES: dict[str, Measure] = {"pearson": pearson, "spearman": spearman, "kendall": kendall, "mmrv": mmrv}


def agreement(
    policies: Sequence[Rates], measures: Mapping[str, Measure] = MEASURES, level: float = 0.95, draws: int = 2000, seed: int = 0
) -> dict[str, Agreement]:
    """Measures of agreement over policies, with bands.

    Args:
        policies: at least two, each once.
        measures: name -> one of `MEASURES`, or any function like them.
        level: confidence level of the bands.
        draws: from the posterior.
        seed: of the draws, so that the same counts give the same band.

    Raises:
        ValueError: with fewer than two policies, or one that comes twice.
    """
    names = [p.policy for p in policies]
    if len(names) < 2:
        raise ValueError("agreement needs at least two policies")
    if len(set(names)) < len(names):
        raise ValueError(f"policy `{max(names, key=names.count)}` comes twice")
    rates = np.array([[p.simulated for p in policies], [p.real for p in policies]])
    counts = [[p.simulated_trials for p in policies], [p.real_trials for p in policies]]
    trials = np.array([[np.inf if n is None else n for n in side] for side in counts], float)
    open_ = posterior(np.random.default_rng(seed), rates, trials, draws)
    found = {}
    for name, measure in measures.items():
        value = float(measure(*rates))
        band = None if np.isinf(trials).all() else _band(_each(measure, open_.simulated, open_.real), level, value)
        wider = None
        if len(names) >= FEWEST_POLICIES:
            wider = _band(_each(measure, open_.other_simulated, open_.other_real), level, value)
        found[name] = Agreement(value, band, wider, level, len(names))
    return found


def _each(measure: Measure, simulated: np.ndarray, real: np.ndarray) -> np.ndarray:
    """The measure of each draw, a few at a time."""
    step = max(1, _MOST_PAIRS // simulated.shape[1] ** 2)
    parts = [measure(simulated[i : i + step], real[i : i + step]) for i in range(0, len(simulated), step)]
    return np.concatenate(parts)


def _band(values: np.ndarray, level: float, value: float) -> Band | None:
    """Band of the draws in which the measure exists; None where that is fewer than nine of ten.

    The central one and the shortest one together, since near the end of a measure's range the centre leaves that end out;
    stretched to the value as counted.
    """
    found = np.sort(values[~np.isnan(values)])
    if len(found) < 0.9 * len(values):
        return None
    low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2])
    inside = ceil(level * len(found))
    first = int((found[inside - 1 :] - found[: len(found) - inside + 1]).argmin())
    band = Band(float(low), float(high)).hull(Band(float(found[first]), float(found[first + inside - 1])))
    return band if np.isnan(value) else band.hull(Band(value, value))
