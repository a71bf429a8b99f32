"""Success rates: of a single run (Wilson's interval), and of an approach over its training seeds."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from scipy.stats import beta, binomtest

from runtime.bound.domain import Domain
from runtime.stats.band import Band
from runtime.stats.inference.estimate import Estimate, estimate
from runtime.stats.inference.group import fixed_rate_group, rate_group
from runtime.stats.inference.humps import Humps, two_humps
from runtime.stats.table.outcomes import Place, Runs, Trials

POINTS = (0.0, 100.0)
DEAD, ALIVE = 5.0, 25.0
"""Success, in points, below which a training run has collapsed, where the middle run of its place has at least the other."""


def wilson(successes: int, trials: int, level: float) -> Band:
    """Wilson's (1927) score interval of one run's success rate, in points.

    It speaks of this very run; it knows nothing of what another training seed would do.

    Raises:
        ValueError: when there is no trial.
    """
    interval = binomtest(successes, trials).proportion_ci(confidence_level=level, method="wilson")
    return Band(100 * interval.low, 100 * interval.high)


@dataclass(frozen=True)
class Rate:
    """Success rate of an approach in a domain, over the seeds and places that ran. `location` None: pooled."""

    approach: str
    domain: Domain
    location: str | None
    task: str | None
    trials: int
    locations: int
    estimate: Estimate
    runs: int = 0
    """Training runs; none of one fixed policy."""
    collapsed: int = 0
    """Runs that hardly ever succeed where the middle run of their place does."""
    humps: Humps | None = None
    """Where runs of one place fall into two groups."""

    @property
    def collapse_at_most(self) -> float | None:
        """Share of runs, in points, that may collapse: the upper end of Clopper and Pearson's one-sided 95 % band. The band of
        the rate knows nothing of runs that were not seen."""
        if not self.runs:
            return None
        return (
            100.0 if self.collapsed == self.runs else 100 * float(beta.ppf(0.95, self.collapsed + 1, self.runs - self.collapsed))
        )


def rates(trials: Trials, level: float, shared_training: bool = False) -> list[Rate]:
    """Rates of every approach and domain: one row per place, then one row pooled over places if there are several."""
    rows = []
    for approach, domain in sorted(trials.outcomes):
        places = trials.places(approach, domain)
        rows += [
            rate_of(approach, domain, {place: runs}, level, fixed=(approach, domain) in trials.fixed, worlds=trials.worlds)
            for place, runs in sorted(places.items())
        ]
        if len(places) > 1:
            fixed = (approach, domain) in trials.fixed
            rows.append(rate_of(approach, domain, places, level, shared_training, fixed, trials.worlds))
    return rows


def rate_of(
    approach: str,
    domain: Domain,
    places: Runs,
    level: float,
    shared_training: bool = False,
    fixed: bool = False,
    worlds: Mapping[Place, str] = MappingProxyType({}),
) -> Rate:
    """The rate over `places`, each counting the same; of one policy, whatever the seed, if it is `fixed`. `worlds` are those of
    `Trials`.

    Raises:
        ValueError: when `places` is empty.
    """
    groups = [(fixed_rate_group if fixed else rate_group)(runs, level, len(places)) for _, runs in sorted(places.items())]
    if domain == "world_model" and all(place in worlds for place in places):
        groups = [replace(g, world=worlds[place]) for g, place in zip(groups, sorted(places), strict=True)]
    single = next(iter(places)) if len(places) == 1 else (None, None)
    trials = sum(len(run) for runs in places.values() for run in runs.values())
    found = estimate(groups, level, POINTS, shared_training and not fixed, logit=True)
    means = [] if fixed else [side.means for group in groups for side in group.sides]
    dead = sum(int((own < DEAD).sum()) for own in means if np.median(own) >= ALIVE)
    several = len({location for location, _ in places})
    apart = None
    if len(places) == 1 and not fixed:
        (runs,) = places.values()
        apart = two_humps(means[0], [len(runs[s]) for s in sorted(runs)])
    return Rate(approach, domain, *single, trials, several, found, sum(map(len, means)), dead, apart)
