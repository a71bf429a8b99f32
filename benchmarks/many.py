"""Do sentences about many places, noisy ones, new ones and groups of runs keep their level?

    python -m benchmarks.many [--studies 1000]

Runs of 40 trials, 10 points between seeds, rates of one half unless said; levels of 95 %, and 5 % false discoveries of a fleet.
"""

import argparse
import time
from collections.abc import Callable, Sequence

import numpy as np
from scipy import stats

from benchmarks.coverage_studies import rate_law
from runtime.stats.evidence import beside_places
from runtime.stats.inference.estimate import estimate
from runtime.stats.inference.group import Group, Side
from runtime.stats.inference.humps import two_humps
from runtime.stats.inference.new_location import TAKEN_OFF_FROM, at_new_location, measured_variances
from runtime.stats.inference.places import places_apart
from runtime.stats.inference.uplift import POINTS, Uplift
from runtime.stats.prior.fleet import fleet

TRIALS, SPREAD, LEVEL = 40, 10.0, 0.95


def place(rng: np.random.Generator, uplift: float, seeds: int, spread: float = SPREAD, rate: float = 0.5) -> Group:
    """A place whose approach is `uplift` points better in truth, unpaired, as `runtime.stats.inference.group` counts it."""
    sides = []
    for mean in (rate + uplift / 100, rate):
        won = rng.binomial(TRIALS, rng.beta(*rate_law(float(np.clip(mean, 0.01, 0.99)), spread), size=seeds))
        smoothed, n = (won.sum() + 1) / (seeds * TRIALS + 2), seeds * TRIALS + 2
        sides.append(Side(100 * won / TRIALS, 1e4 * smoothed * (1 - smoothed) / n))
    means = sides[0].means - sides[1].means
    return Group(
        tuple(range(seeds)), means, 0.0, float(means.mean()), sum(s.luck for s in sides), float(seeds * TRIALS / 2), tuple(sides)
    )


def rows(groups: Sequence[Group]) -> list[Uplift]:
    """A comparison at each of these places."""
    return [
        Uplift("a", "twin", "x", str(i), estimate([g], LEVEL, POINTS), (g,), (("x", str(i)),), 1, 1, ())
        for i, g in enumerate(groups)
    ]


def told_apart(
    rng: np.random.Generator, uplifts: Sequence[float], seeds: int, spreads: Sequence[float]
) -> tuple[bool, bool, bool]:
    """Of one study: whether its places are told apart, whether any place by itself is decided, and any among all of them."""
    compared = rows([place(rng, u, seeds, s) for u, s in zip(uplifts, spreads, strict=True)])
    (found,) = places_apart(compared, LEVEL).values()
    decided = [row.direction != "undecided" for row in compared]
    kept = [d and row.notes == () for d, row in zip(decided, beside_places(compared, {("a", "twin"): found}), strict=True)]
    return found.told_apart, any(decided), any(kept)


def noisy(rng: np.random.Generator, locations: int, seeds: int, share: float) -> tuple[float, ...]:
    """Of one fleet without uplift, false p-values at noisy locations (three times the spread) and others: with one variance for
    all, and ours."""
    many = max(1, round(share * locations))
    groups = {str(i): [place(rng, 0, seeds, 30.0 if i < many else SPREAD)] for i in range(locations)}
    ours = np.array([row.p_value for row in fleet(groups, LEVEL).locations])
    raw = np.array([g.unit_means.mean() for (g,) in groups.values()])
    pooled = 2 * stats.t.sf(np.abs(raw) / np.sqrt(measured_variances(groups)), locations * (seeds - 1))
    wrong = [p <= 0.05 for p in (pooled, ours)]
    return tuple(float(part.mean()) for w in wrong for part in (w[:many], w[many:]))


def elsewhere(rng: np.random.Generator, locations: int, seeds: int, between: float) -> tuple[float, ...]:
    """Of one study: coverage of new locations' true uplift and width, as measured places scatter and as ours is."""
    groups = {str(i): [place(rng, 10 + between * rng.standard_normal(), seeds)] for i in range(locations)}
    here = estimate([g for own in groups.values() for g in own], LEVEL, POINTS).band
    new = 10 + between * rng.standard_normal(50)
    found = []
    for start in (10**9, TAKEN_OFF_FROM):
        told = at_new_location(groups, LEVEL, POINTS, taken_off_from=start)
        assert told is not None
        band = told.prediction.hull(here)
        found += [float(np.mean((band.low <= new) & (new <= band.high))), band.width]
    return tuple(found)


def humps(rng: np.random.Generator, runs: int, rate: float, spread: float, dead: float = 0.0) -> tuple[bool]:
    """Whether one approach's runs are said to fall in two groups, where a share `dead` of them never succeeds."""
    chance = rng.beta(*rate_law(rate, spread), size=runs) * (rng.random(runs) >= dead)
    return (two_humps(100 * rng.binomial(TRIALS, chance) / TRIALS, [TRIALS] * runs) is not None,)


def mean(count: int, one: Callable[[], tuple]) -> np.ndarray:
    """Of so many studies, each number's mean."""
    return np.mean([one() for _ in range(count)], 0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=1000)
    given = parser.parse_args()
    start, rng, n = time.process_time(), np.random.default_rng(20261129), given.studies
    for name, uplifts, spreads in (
        ("nothing anywhere", (0, 0), (10, 10)),
        ("10 points at both", (10, 10), (10, 10)),
        ("20 and 0 points", (20, 0), (10, 10)),
        ("nothing, 3 places, one noisy", (0,) * 3, (10, 10, 30)),
        ("nothing, 11 tasks", (0,) * 11, (10,) * 11),
        ("nothing, 11 tasks, two noisy", (0,) * 11, (10,) * 9 + (30,) * 2),
    ):
        for seeds in (2, 3, 5):
            apart, alone, holm = mean(n, lambda u=uplifts, s=seeds, w=spreads: told_apart(rng, u, s, w))
            print(f"{name}, {seeds} seeds: told apart {apart:.1%}, any place decided {alone:.1%} by itself, {holm:.1%} of all")
    for locations, seeds in ((5, 2), (5, 3), (12, 2), (12, 3), (40, 3)):
        p = mean(n * 5 // locations, lambda k=locations, s=seeds: noisy(rng, k, s, 0.2))
        told = f"false p at noisy and other places {p[0]:.1%}, {p[1]:.1%} with one variance, {p[2]:.1%}, {p[3]:.1%} ours"
        print(f"fleet of {locations:2}, {seeds} seeds: {told}")
    for locations in (3, 6, 10, 30):
        for between in (0, 5, 15):
            c = mean(n // 2, lambda k=locations, b=between: elsewhere(rng, k, 3, b))
            told = f"covered {c[0]:.1%}, {c[1]:.1f} wide with luck in it; {c[2]:.1%}, {c[3]:.1f} ours"
            print(f"new location after {locations:2}, {between:2} points between: {told}")
    for runs in (5, 6, 10, 20):
        alike = [mean(n, lambda k=runs, r=r, s=s: humps(rng, k, r, s))[0] for r, s in ((0.5, 5), (0.5, 15), (0.8, 10), (0.9, 5))]
        (split,) = mean(n, lambda k=runs: humps(rng, k, 0.7, 5, 0.35))
        told = ", ".join(f"{x:.1%}" for x in alike)
        print(f"two groups of {runs:2} runs: said of one law {told}; where a third never succeeds {split:.0%}")
    print(f"{n} studies a row, {time.process_time() - start:.0f} CPU-s")


if __name__ == "__main__":
    main()
