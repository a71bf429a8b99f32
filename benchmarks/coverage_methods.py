"""Bands of the uplift for many simulated studies at once: ours, and those in common use.

Each takes the `Seen` of some studies and gives (low, high), each [studies], in points. Ours is the runtime's own
`interval`; only the sums that go into it are reckoned here on arrays (a test holds them to `runtime.stats.inference.group`).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import stats

from runtime.stats.inference.group import PAIRED_FROM
from runtime.stats.inference.interval import Spread, interval

LIMITS = (-100.0, 100.0)
DRAWS = 200
"""Resamples of each bootstrap."""
Band = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Seen:
    """Sums over outcomes of some studies; arrays begin with [studies, locations]. Means are in points.

    `treated` and `base` [S, L, K] are success rates of runs; `gained` and `lost` [S, L] count discordant pairs;
    `within` and `by_state` [S, L] are the variances of a location's mean by the residual and by the state means.
    """

    treated: np.ndarray
    base: np.ndarray
    gained: np.ndarray
    lost: np.ndarray
    within: np.ndarray
    by_state: np.ndarray
    trials: int

    @classmethod
    def of(cls, treated: np.ndarray, base: np.ndarray) -> "Seen":
        """From outcomes [S, L, K, N]."""
        seeds, trials = treated.shape[2:]
        gained, lost = (treated & ~base).sum((2, 3)), (base & ~treated).sum((2, 3))
        rates = [100 * arm.mean(-1) for arm in (treated, base)]
        runs = rates[0] - rates[1]
        states = (treated.sum(2, dtype=np.int16) - base.sum(2, dtype=np.int16)) * (100 / seeds)
        centre, n = runs.mean(-1), seeds * trials
        of_runs = trials * ((runs - centre[..., None]) ** 2).sum(-1)
        of_states = seeds * ((states - centre[..., None]) ** 2).sum(-1)
        rest = np.maximum((gained + lost) * 1e4 - n * centre**2 - of_runs - of_states, 0)
        within = rest / max((seeds - 1) * (trials - 1), 1) / n
        return cls(*rates, gained, lost, within, of_states / (trials - 1) / n, trials)

    @property
    def runs(self) -> np.ndarray:
        """Difference of each pair of runs [S, L, K]."""
        return self.treated - self.base

    @property
    def value(self) -> np.ndarray:
        """Estimate [S]."""
        return self.runs.mean((1, 2))

    @property
    def size(self) -> int:
        """Pairs of episodes in a study."""
        return self.runs[0].size * self.trials


@dataclass(frozen=True)
class Places:
    """What our band is made of, place by place: arrays [studies, locations, ...] in points or points squared.

    Each stands for a place by itself; `band_of` averages over places.
    """

    value: np.ndarray
    run_variances: np.ndarray
    run_luck: np.ndarray
    states: np.ndarray
    centre: np.ndarray
    floor: np.ndarray
    events: np.ndarray

    @classmethod
    def of(cls, seen: Seen) -> "Places":
        """As `runtime.stats.inference.group` makes them."""
        places, seeds = seen.runs.shape[1:]
        add, n = 1 / places, seeds * seen.trials
        up, down = (seen.gained + add) / (n + 2 * add), (seen.lost + add) / (n + 2 * add)
        floor = 1e4 * (up + down - (up - down) ** 2) / (n + 2 * add)
        states = seen.by_state - seen.within
        sides, lucks = [seen.runs], [floor]
        if seeds < PAIRED_FROM:
            sides = [seen.treated, seen.base]
            rates = [(side.sum(-1) / 100 * seen.trials + add) / (n + 2 * add) for side in sides]
            lucks = [1e4 * rate * (1 - rate) / (n + 2 * add) for rate in rates]
        return cls(
            seen.runs.mean(-1),
            np.stack([side.var(-1, ddof=1) / seeds for side in sides], -1),
            np.stack(lucks, -1),
            states,
            100 * (up - down),
            floor + np.maximum(states, 0) * (1 - 1 / seeds),
            (seen.gained + seen.lost).astype(float),
        )


def band_of(found: Places, seeds: int, level: float) -> Band:
    """The runtime's band at these locations."""
    count, places, sides = found.run_variances.shape

    def flat(parts: np.ndarray) -> np.ndarray:
        return parts.reshape(count, places * sides) / places**2

    return interval(
        Spread(
            found.value.mean(1),
            flat(found.run_variances),
            np.full(places * sides, seeds - 1.0),
            flat(found.run_luck),
            found.states.sum(1) / places**2,
            found.centre.mean(1),
            found.floor.sum(1) / places**2,
            found.events.sum(1),
        ),
        level,
        LIMITS,
    )


def ours(seen: Seen, level: float, _: np.random.Generator) -> Band:
    """The runtime's band at these locations."""
    return band_of(Places.of(seen), seen.runs.shape[-1], level)


def wald(seen: Seen, level: float, _: np.random.Generator) -> Band:
    """Normal band over pooled pairs of episodes."""
    gained, lost, n = seen.gained.sum(1), seen.lost.sum(1), seen.size
    error = 100 * np.sqrt((gained + lost - (gained - lost) ** 2 / n) / n / (n - 1))
    return _round(seen.value, _z(level) * error)


def newcombe(seen: Seen, level: float, _: np.random.Generator) -> Band:
    """Difference of two pooled rates from their Wilson intervals (Newcombe 1998), pairing unused."""
    z, n = _z(level), seen.size
    rates, lows, highs = [], [], []
    for arm in (seen.treated, seen.base):
        p = arm.mean((1, 2)) / 100
        centre, reach = p + z * z / 2 / n, z * np.sqrt(p * (1 - p) / n + z * z / 4 / n**2)
        rates.append(p)
        lows.append((centre - reach) / (1 + z * z / n))
        highs.append((centre + reach) / (1 + z * z / n))
    below = np.hypot(rates[0] - lows[0], highs[1] - rates[1])
    above = np.hypot(highs[0] - rates[0], rates[1] - lows[1])
    return seen.value - 100 * below, seen.value + 100 * above


def episode_bootstrap(seen: Seen, level: float, rng: np.random.Generator) -> Band:
    """Percentile bootstrap over pooled pairs of episodes."""
    gained, lost, n = seen.gained.sum(1), seen.lost.sum(1), seen.size
    drawn = rng.multinomial(n, np.stack([gained, lost, n - gained - lost], -1)[:, None, :] / n, (len(gained), DRAWS))
    return _percentiles(100 * (drawn[..., 0] - drawn[..., 1]) / n, level)


def seed_bootstrap(seen: Seen, level: float, rng: np.random.Generator) -> Band:
    """Percentile bootstrap over runs, stratified by location, sides on their own (as rliable does)."""
    count, places, seeds = seen.runs.shape
    means = []
    for arm in (seen.treated, seen.base):
        drawn = np.zeros((count, DRAWS))
        for place in range(places):
            chosen = rng.integers(seeds, size=(count, DRAWS, seeds))
            drawn += np.take_along_axis(arm[:, None, place, :], chosen, -1).mean(-1)
        means.append(drawn / places)
    return _percentiles(means[0] - means[1], level)


def seed_t(seen: Seen, level: float, _: np.random.Generator) -> Band:
    """Paired t over seeds, locations averaged within each."""
    each = seen.runs.mean(1)
    seeds = each.shape[-1]
    reach = stats.t.ppf((1 + level) / 2, seeds - 1) * each.std(-1, ddof=1) / seeds**0.5
    return _round(seen.value, reach)


def mixed_model(seen: Seen, level: float, _: np.random.Generator) -> Band:
    """Linear mixed model of paired differences with a random intercept for each run, REML, Wald band.

    In a balanced design REML has this closed form: the variance between runs where it exceeds that within, else both
    pooled.
    """
    _, places, seeds = seen.runs.shape
    n = seeds * seen.trials
    squares = seen.trials * ((seen.runs - seen.runs.mean(-1, keepdims=True)) ** 2).sum((1, 2))
    total = ((seen.gained + seen.lost) * 1e4 - n * seen.runs.mean(-1) ** 2).sum(1)
    between, within = squares / (places * (seeds - 1)), (total - squares) / (places * seeds * (seen.trials - 1))
    variance = np.where(between > within, between, total / (places * (n - 1))) / seen.size
    return _round(seen.value, _z(level) * np.sqrt(variance))


METHODS: dict[str, Callable[[Seen, float, np.random.Generator], Band]] = {
    "ours": ours,
    "wald": wald,
    "newcombe": newcombe,
    "episode bootstrap": episode_bootstrap,
    "seed bootstrap": seed_bootstrap,
    "seed t": seed_t,
    "mixed model": mixed_model,
}
SLOW = ("episode bootstrap", "seed bootstrap")
"""Methods that resample: they see fewer studies."""


def _z(level: float) -> float:
    return float(stats.norm.ppf((1 + level) / 2))


def _round(value: np.ndarray, reach: np.ndarray) -> Band:
    return np.clip(value - reach, *LIMITS), np.clip(value + reach, *LIMITS)


def _percentiles(drawn: np.ndarray, level: float) -> Band:
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2], axis=-1)
    return low, high
