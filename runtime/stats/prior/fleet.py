"""A fleet of locations: partial pooling, false discoveries under control, quarantine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from runtime.report.forms.base import Direction
from runtime.report.forms.worth import Quarantined
from runtime.stats.band import Band
from runtime.stats.inference.group import Group, Side
from runtime.stats.inference.multiple import benjamini_hochberg
from runtime.stats.inference.new_location import measured_variances

STEPS = 200
"""Candidate spreads between locations that are averaged over."""


@dataclass(frozen=True)
class Shrunk:
    """One location's uplift with its `error`, drawn towards the fleet's mean by `pull` (1: the mean itself)."""

    location: str
    raw: float
    error: float
    value: float
    band: Band
    pull: float
    p_value: float
    adjusted: float

    def direction(self, rate: float) -> Direction:
        """`helps`, `hurts` or `undecided`, with at most the share `rate` of all decisions false on average."""
        if self.adjusted > rate:
            return "undecided"
        return "helps" if self.raw > 0 else "hurts"


@dataclass(frozen=True)
class Fleet:
    """`mean` over locations with its standard `error`, `spread` of true uplift between them, and each location."""

    mean: float
    error: float
    spread: float
    locations: tuple[Shrunk, ...]


def fleet(groups: Mapping[str, Sequence[Group]], level: float) -> Fleet:
    """Empirical Bayes over locations: each borrows from all.

    A location's own few seeds cannot tell its error, so the variance between seeds is pooled over the fleet, never
    below the luck within runs. The spread between locations is averaged over. p-values test each location's own uplift
    against zero by t with the pooled degrees of freedom, and where a location's own runs scatter more than the fleet's also
    by t with its own: the larger counts. `adjusted` are Benjamini and Hochberg's.

    Args:
        groups: location -> its groups, one a task, each counting the same; at least two seeds in some of them.
        level: confidence level of each location's band.

    Raises:
        ValueError: when there are no locations, or no training seed is repeated anywhere.
    """
    if not groups:
        raise ValueError("a fleet needs at least one location")
    every = [g for own in groups.values() for g in own]
    degrees = sum(len(g.unit_means) - 1 for g in every)
    if degrees == 0:
        raise ValueError("one training seed everywhere: the spread between seeds is unknown")
    raw = np.array([np.mean([g.unit_means.mean() for g in own]) for own in groups.values()])
    variances = measured_variances(groups)
    mean, error, spread, values, errors, pulls = pooled_partly(raw, variances)
    reach = stats.t.ppf((1 + level) / 2, degrees) * errors
    p_values = 2 * stats.t.sf(np.abs(raw) / np.sqrt(variances), degrees)
    # At places twice or three times as noisy as others the pooled variance alone errs in 11 to 30 % at a level of 5 %.
    own = [_own(each) for each in groups.values()]
    p_values = np.maximum(
        p_values,
        [2 * stats.t.sf(abs(x) / v**0.5, d) if d and v > w else 0.0 for x, w, (v, d) in zip(raw, variances, own, strict=True)],
    )
    adjusted = benjamini_hochberg(list(p_values))
    lows, highs = np.clip(values - reach, -100, 100), np.clip(values + reach, -100, 100)
    bands = [Band(float(low), float(high)) for low, high in zip(lows, highs, strict=True)]
    rows = [
        Shrunk(name, float(own), float(variance**0.5), float(value), band, float(pull), float(p), also)
        for name, own, variance, value, band, pull, p, also in zip(
            groups, raw, variances, values, bands, pulls, p_values, adjusted, strict=True
        )
    ]
    return Fleet(mean, error, spread, tuple(rows))


def _own(groups: Sequence[Group]) -> tuple[float, int]:
    """Variance of a location's mean by its own runs, never below the luck within them, and its degrees of freedom."""
    parts = [g.sides or (Side(g.unit_means, g.floor_variance),) for g in groups]
    spread = sum(
        max(sum(s.variance for s in sides), g.floor_variance) + max(g.state_variance, 0.0)
        for g, sides in zip(groups, parts, strict=True)
    )
    return spread / len(groups) ** 2, sum(len(s.means) - 1 for sides in parts for s in sides)


def pooled_partly(values: np.ndarray, variances: np.ndarray) -> tuple[float, float, float, np.ndarray, np.ndarray, np.ndarray]:
    """Normal means with unknown spread between them: mean, its error, spread; shrunk values, their errors, pulls [L].

    The spread is averaged over rather than set to one estimate, which would often be zero and every band then too
    narrow. Its prior is flat in the variance, which leans to wide: flat in the spread, bands covered several points
    less where the spread was smaller than a location's error.
    """
    top = 4 * (float(values.std()) + float(variances.max() ** 0.5))
    between = (np.arange(STEPS) + 0.5)[:, None] / STEPS * top  # [G, 1]
    weights = 1 / (variances + between**2)  # [G, L]
    total = weights.sum(1)
    means = (weights * values).sum(1) / total
    fit = np.log(weights).sum(1) - np.log(total) - (weights * (values - means[:, None]) ** 2).sum(1)
    chance = between[:, 0] * np.exp((fit - fit.max()) / 2)
    chance /= chance.sum()
    pulls = variances * weights
    shrunk = pulls * means[:, None] + (1 - pulls) * values
    own = (1 - pulls) * variances + pulls**2 / total[:, None]
    value, mean = chance @ shrunk, float(chance @ means)
    errors = np.sqrt(chance @ (own + (shrunk - value) ** 2))
    error = float((chance @ (1 / total + (means - mean) ** 2)) ** 0.5)
    return mean, error, float(chance @ between[:, 0]), value, errors, chance @ pulls


def quarantine(
    found: Fleet, rate: float = 0.05, disagreement: Mapping[str, float] | None = None, most_disagreement: float = 0.05
) -> list[Quarantined]:
    """Locations where the approach hurts, that lie off the fleet, or whose trials do not reproduce.

    Off the fleet is a location whose uplift the spread round the fleet's median does not explain (two-sided, Benjamini
    and Hochberg at `rate`). `disagreement` maps a location to how often the same trial gave two outcomes.
    """
    rows = found.locations
    raw = np.array([row.raw for row in rows])
    centre = float(np.median(raw))
    # The odd ones must not widen the spread that they are judged by: 1.4826 median deviations are a normal's sd.
    usual = 1.4826 * float(np.median(np.abs(raw - centre)))
    off = [float(2 * stats.norm.sf(abs(row.raw - centre) / max(usual, row.error))) for row in rows]
    listed: list[Quarantined] = []
    for row, p in zip(rows, benjamini_hochberg(off), strict=True):
        twice = (disagreement or {}).get(row.location, 0.0)
        if twice > most_disagreement:
            reason = f"{twice:.0%} of repeated trials ended differently"
        elif row.direction(rate) == "hurts":
            reason = f"uplift {row.raw:.1f} points: it hurts here"
        elif p <= rate:
            reason = f"uplift {row.raw:.1f} points, the fleet's is {centre:.1f}"
        else:
            continue
        listed.append({"location": row.location, "reason": reason})
    return listed
