"""The band itself, for one estimate or for many at once (arrays of any shape broadcast).

    half-width^2 = t^2 * (variance between training runs) + z^2 * (variance of shared initial states)

The two sources keep their own quantiles (the modified large-sample limits of Graybill and Wang 1980), since a few runs
say little about their spread while many states say much about theirs. The variance of states is taken as it is found,
also below zero: cut off at zero, it would widen every band where states do not matter.

Few runs with binary outcomes agree by chance, and t alone would then shrink to nothing. So the spread between runs is
not believed below the `AGREEMENT` quantile of what luck within runs alone brings, reckoned from smoothed counts; where
fewer than `SCARCE` outcomes tell the sides apart, not below that luck itself.
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.special import expit
from scipy.special import logit as special_logit

AGREEMENT = (0.03, 0.08)
"""How improbable an agreement between runs may be, if only luck within runs sets them apart, before it is no longer
taken at its word: `SPENT` of what the level leaves over, within these limits. Counts are lumpy, and two runs that agree
to the last episode are not as rare as the normal law says: hence the lower limit, at levels above 0.95."""
SPENT = 0.6
SCARCE = 6.0
"""Outcomes that tell the sides apart, over the runs' degrees of freedom, below which agreement between runs counts for
nothing: the more runs there are, the less likely all of them agree by chance."""
LUCK_SHARE = 0.25
"""How much of the luck within runs, which counts tell, joins each part when the degrees of freedom are reckoned. Two
runs that agree by chance would otherwise make their part look negligible, and leave the other's single degree alone."""


@dataclass(frozen=True)
class Spread:
    """What a band is made of; arrays [...] of one shape, all in points or points squared.

    `run_variances` [..., P] are the variances of the mean that training runs bring, one for each independent group,
    with `run_degrees` [P] (at least 1 each) and `run_luck` [..., P], what of it luck within runs brings, from smoothed
    counts. `state_variance` is the variance that initial states shared by runs bring.
    `floor_centre` and `floor_variance` describe the mean as if runs made no difference, from smoothed counts, and
    `events` counts the outcomes that tell the sides apart.
    """

    value: np.ndarray
    run_variances: np.ndarray
    run_degrees: np.ndarray
    run_luck: np.ndarray
    state_variance: np.ndarray
    floor_centre: np.ndarray
    floor_variance: np.ndarray
    events: np.ndarray


def interval(found: Spread, level: float, limits: tuple[float, float], logit: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest value, each [...], of the two-sided band at `level` within `limits`.

    With `logit`, as for rates, the spread between runs is laid off on the logit of the value's place between the
    limits: near either end runs scatter to one side, and a band that is as long to both would miss there.
    """
    z = float(stats.norm.ppf((1 + level) / 2))
    t = stats.t.ppf((1 + level) / 2, degrees(found))
    between = t**2 * found.run_variances.sum(-1) + z**2 * found.state_variance
    reach = np.sqrt(np.maximum(between, 0.0))
    share = floor_share(float(np.sum(found.run_degrees)), found.events, level)
    floor = z * np.sqrt(share * found.floor_variance)
    below, above = _on_logit(found.value, reach, limits) if logit else (found.value - reach, found.value + reach)
    low, high = np.minimum(below, found.floor_centre - floor), np.maximum(above, found.floor_centre + floor)
    return np.clip(low, *limits), np.clip(high, *limits)


def degrees(found: Spread) -> np.ndarray:
    """Degrees of freedom [...] of the summed variance between runs.

    Satterthwaite's (1946), which are far too few where each part has one or two, with the correction for that of
    Johnson and Rust (1992): exact for a single group, and near the full sum for groups that are alike.
    """
    parts, own = found.run_variances + LUCK_SHARE * found.run_luck, found.run_degrees
    total, weighed = parts.sum(-1), (parts**2 / (own + 2)).sum(-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        effective = np.where(weighed > 0, total**2 / weighed - 2, np.inf)
    return np.clip(effective, own.min(), own.sum())


def floor_share(run_degrees: float, events: np.ndarray, level: float) -> np.ndarray:
    """The share of the variance within runs below which a band does not go, in (0, 1]."""
    spared = stats.chi2.ppf(float(np.clip(SPENT * (1 - level), *AGREEMENT)), run_degrees) / run_degrees
    spared *= (stats.t.ppf((1 + level) / 2, run_degrees) / stats.norm.ppf((1 + level) / 2)) ** 2
    spared = min(float(spared), 1.0)
    return spared + (1 - spared) * np.minimum(1.0, (SCARCE / run_degrees / np.maximum(events, 1e-9)) ** 4)


def _on_logit(value: np.ndarray, reach: np.ndarray, limits: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    start, span = limits[0], limits[1] - limits[0]
    share = (value - start) / span
    inner = np.clip(share, 1e-9, 1 - 1e-9)
    # At either limit itself all outcomes are alike, and the floor alone says how far the band goes.
    away = np.where(inner == share, reach / span / (inner * (1 - inner)), 0.0)
    return start + span * expit(special_logit(inner) - away), start + span * expit(special_logit(inner) + away)
