"""What planned trials can decide: expected width of bands, and the seeds, locations or trials that a question needs.

The bands are those of `runtime.stats.inference.interval`: a Student t band over training runs, with a share of the luck within
runs, from smoothed counts, as a floor. Before anything was measured their spread has to be assumed; the assumptions
are the constants below and nowhere else.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import exp, inf, pi
from statistics import NormalDist
from typing import Literal

from compiler.laws.power.quantiles import chi_square_quantile, t_quantile

SEED_SPREAD = 10.0
"""Standard deviation of the success rate between training seeds of one approach at one location, in points."""
BASE_RATE = 0.5
"""Success rate at which trials are noisiest; rates far from it need fewer."""
STATE_CORRELATION = 0.3
"""Correlation of two approaches' outcomes that start from the same initial state."""
POWER = 0.8
"""Chance of a decision that the numbers needed stand for, when the effect is what was hoped for."""
SUREST = 1 - 1e-12
"""The highest quantile that is reckoned with; a level nearer to 1 means nothing else."""
AGREEMENT = (0.03, 0.08)
SPENT = 0.6
SCARCE = 6.0
"""All as in `runtime.stats.inference.interval`, which says what they are."""
PAIRED_FROM = 10
"""As in `runtime.stats.inference.group`: with fewer seeds each side's runs have a spread of their own."""
PAIR_PENALTY = 0.6
"""Degrees of freedom that two seeds a group lose on average, since groups may differ in spread and two cannot show it;
three and more lose none worth counting (simulated at levels 0.8 and 0.95)."""
MOST = 100_000
"""Locations or trials beyond which a question counts as out of reach."""
MOST_SEEDS = 200
"""Training seeds beyond which nobody is advised to train more of them."""
MORE_TRIALS = tuple(2**k for k in range(1, 7))
"""Times the planned trials that are tried together with more seeds, where seeds alone are out of reach."""

NORMAL = NormalDist()
LAW = [(z, NORMAL.pdf(z) * 0.5) for z in (i * 0.5 for i in range(-10, 11))]
"""Points of the standard normal law with their weights."""

Quantity = Literal["uplift", "success_rate"]


@dataclass(frozen=True)
class Design:
    """How much a study plans for one comparison.

    `trials` per cell, `seeds` per location and task, `groups` the number of (location, task) that are pooled. Interim
    looks may give a cell up to `most` trials, where they are more; how many is not known before.
    """

    quantity: Quantity
    seeds: int
    trials: int
    groups: int
    level: float
    most: int = 0
    reference: int = 0
    """Runs per location and task of what is compared with, where that has others than `seeds` of them."""
    spread: float = SEED_SPREAD
    """Standard deviation between training seeds that is expected, in points."""
    correlation: float = STATE_CORRELATION
    """That of two approaches' outcomes from one initial state."""
    uplift: float | None = None
    """The true uplift that is supposed, in points; None where it is as far from zero as from the threshold."""

    @property
    def degrees(self) -> int:
        """Degrees of freedom of the band over training runs."""
        if self.reference:
            return self.groups * max(self.seeds + self.reference - 2, 0) if self.seeds > 1 else 0
        sides = 2 if self.quantity == "uplift" and self.seeds < PAIRED_FROM else 1
        return sides * self.groups * (self.seeds - 1)

    @property
    def standard_error(self) -> float:
        """Expected standard error, in points."""
        if self.reference:
            return (self.unit_variance / 2 / self.groups * (1 / self.seeds + 1 / self.reference)) ** 0.5
        return (self.unit_variance / (self.groups * self.seeds)) ** 0.5

    @property
    def unit_variance(self) -> float:
        """Variance that one training run (or pair of runs) brings, in points squared: by training and by trials."""
        trial = 1e4 * BASE_RATE * (1 - BASE_RATE) / self.trials
        if self.quantity == "success_rate":
            return self.spread**2 + trial
        return 2 * self.spread**2 + 2 * trial * (1 - self.correlation)

    @property
    def half_width(self) -> float:
        """Expected half-width of the band, in points; infinite with one seed."""
        if self.degrees <= 0:
            return inf
        lost = PAIR_PENALTY if self.seeds == 2 and self.groups > 1 and not self.reference else 0.0
        return t_quantile(min((1 + self.level) / 2, SUREST), self.degrees - lost) * self.standard_error


@dataclass(frozen=True)
class Needed:
    """What would decide, each with everything else as planned. None: not within reach that way."""

    seeds: int | None
    groups: int | None
    trials: int | None
    together: tuple[int, int] | None = None
    """(seeds, trials per cell) where neither of them alone is within reach: initial states limit what seeds can tell."""


def power(design: Design, distance: float) -> float:
    """Chance that the band clears a threshold that is `distance` points away from the true value.

    The estimate is normal round it; the error that the runs show of themselves follows chi-square of the band's degrees of
    freedom, by its cube root (Wilson and Hilferty 1931), over whose normal law is summed. What an uplift does to
    some initial states and not to others is common to runs (`common_variance`): it widens the band, and more seeds do not help.
    """
    if design.degrees <= 0:
        return 0.0
    states, part = common_variance(design, distance if design.uplift is None else abs(design.uplift)), 2 / (9 * design.degrees)
    error = (design.standard_error**2 + states) ** 0.5
    known = NORMAL.inv_cdf(min((1 + design.level) / 2, SUREST)) ** 2 * states

    def reach(z: float) -> float:
        return (design.half_width**2 * max(1 - part + z * part**0.5, 0.0) ** 3 + known) ** 0.5

    return sum(weight * NORMAL.cdf((distance - reach(z)) / error) for z, weight in LAW)


def common_variance(design: Design, uplift: float) -> float:
    """Variance of an estimated uplift, points squared, that all runs have in common because they begin from the same states.

    States have a difficulty that is spread evenly, and each run masters those below its own skill (its success rate), which
    differs between seeds: what states bring is then the distance of two laws of skill, the integral of their squared difference
    (Szekely and Rizzo 2013), less the squared uplift.
    """
    if design.quantity != "uplift":
        return 0.0
    moved, apart = min(uplift / 100, 0.5), max(design.spread, 0.1) / 100 * 2**0.5
    between = apart * (2 / pi) ** 0.5 * exp(-((moved / apart) ** 2) / 2) + moved * (1 - 2 * NORMAL.cdf(-moved / apart))
    effect = max(between - apart * (2 / pi) ** 0.5 - moved**2, 0.0)
    return 1e4 * design.correlation * effect / design.trials / design.groups


def needed_distance(design: Design, chance: float = POWER) -> float:
    """How many points the true value must lie away for a decision with that chance; infinite with one seed."""
    if design.degrees <= 0:
        return inf
    low, high = 0.0, 2 * design.half_width + 10 * design.standard_error + 50
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if power(design, middle) < chance else (low, middle)
    return high


def needed(design: Design, distance: float, chance: float = POWER) -> Needed:
    """The least seeds per location, pooled locations and tasks, or trials per cell with that chance of a decision."""
    if distance <= 0:
        return Needed(None, None, None)
    return least_of_each(design, lambda planned: power(planned, distance) >= chance, 2)


def least_of_each(design: Design, decides: Callable[[Design], bool], seeds: int) -> Needed:
    """The least of each that decides, from what is planned on; seeds from `seeds` on."""
    alone = least(lambda n: decides(replace(design, seeds=n)), seeds, MOST_SEEDS)
    trials = least(lambda n: decides(replace(design, trials=n)), design.trials)
    groups = least(lambda n: decides(replace(design, groups=n)), design.groups)
    if alone is not None or trials is not None:
        return Needed(alone, groups, trials)
    more = (replace(design, trials=design.trials * times) for times in MORE_TRIALS)
    pairs = ((least(lambda n, at=at: decides(replace(at, seeds=n)), seeds, MOST_SEEDS), at.trials) for at in more)
    return Needed(None, groups, None, next(((n, many) for n, many in pairs if n is not None), None))


def best_band(design: Design, value: float) -> tuple[float, float]:
    """The narrowest band that there can be round an observed value, in points: every seed agrees, and no trial that
    need not differ between approaches does. Luck cannot undercut it; it is the floor of `runtime.stats.inference.interval`.
    """
    z = NormalDist().inv_cdf(min((1 + design.level) / 2, SUREST))
    n, share, limits = design.seeds * max(design.trials, design.most), 1 / design.groups, (0.0, 100.0)
    observed = value / 100
    if design.quantity == "uplift":
        limits = (-100.0, 100.0)
        total = n + 2 * share
        up, down = (max(observed, 0) * n + share) / total, (max(-observed, 0) * n + share) / total
        centre, variance, events = up - down, up + down - (up - down) ** 2, abs(observed) * n / share
    else:
        total = n + z * z * share
        centre = (observed * n + z * z * share / 2) / total
        variance, events = centre * (1 - centre), min(observed, 1 - observed) * n / share
    variance *= floor_share(design.degrees, events, design.level)
    reach = 100 * z * (variance / total * share) ** 0.5
    low, high = min(value, 100 * centre - reach), max(value, 100 * centre + reach)
    return max(low, limits[0]), min(high, limits[1])


def floor_share(degrees: int, events: float, level: float) -> float:
    """The share of the variance within runs below which a band does not go: that of `runtime.stats.inference.interval`."""
    if degrees <= 0:
        return 1.0
    p = min((1 + level) / 2, SUREST)
    spared = chi_square_quantile(min(max(SPENT * (1 - level), AGREEMENT[0]), AGREEMENT[1]), degrees) / degrees
    spared = min(spared * (t_quantile(p, degrees) / NormalDist().inv_cdf(p)) ** 2, 1.0)
    return spared + (1 - spared) * min(1.0, (SCARCE / degrees / max(events, 1e-9)) ** 4)


def least(enough: Callable[[int], bool], start: int, most: int = MOST) -> int | None:
    """The least n >= start that is enough, for a question that more always helps; None beyond `most`."""
    if enough(start):
        return start
    low, high = start, start
    while not enough(high):
        if high >= most:
            return None
        low, high = high, min(high * 2, most)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
