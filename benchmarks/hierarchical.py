"""Would spreads drawn from a population that earlier studies inform make bands of two and three seeds narrower, and still hold?

    python -m benchmarks.hierarchical [--studies 20000]

`spreads.csv` beside this file has what `benchmarks.recipe` measured (docs/decisions.md): standard deviations between training
seeds, in points, without binomial noise, pooled over sites. Variances of runs are drawn from a scaled inverse chi-square law
(Smyth 2004), each side's by itself: as fitted to these, and weaker ones (fewer degrees of freedom, a larger scale). One place,
40 trials a run, rates near one half, level 95 %, sides alike and one with twice the other's spread; bands are those of
`runtime.stats.inference.interval`.
"""

import argparse
import csv
import time
from pathlib import Path

import numpy as np
from scipy import special

from runtime.stats.inference.interval import Spread, interval

TABLE = Path(__file__).with_name("spreads.csv")
TRIALS = 40
LUCK = 1e4 * 0.25 / TRIALS
"""Variance of one run's success rate that its trials bring, points squared."""
WEAKER = ((1, 2), (1, 0.5), (2, 2), (2, 0.5), (4, 0.5))
"""Times the fitted variance, and degrees of freedom, of laws that are trusted less."""
SPREADS = (0.0, 2.5, 5.0, 10.0, 15.0, 20.0)


def table() -> np.ndarray:
    """Rows (variance of one run's rate, degrees of freedom)."""
    rows = csv.DictReader(TABLE.read_text().splitlines())
    return np.array([(float(r["spread"]) ** 2 + LUCK, int(r["sites"]) * (int(r["seeds"]) - 1)) for r in rows])


def population(rows: np.ndarray) -> tuple[float, float]:
    """Scale and degrees of freedom of the law that variances are drawn from, by moments of their logarithms."""
    variances, degrees = rows.T
    logs = np.log(variances) - special.digamma(degrees / 2) + np.log(degrees / 2)
    left = logs.var(ddof=1) - special.polygamma(1, degrees / 2).mean()
    if left <= 0:
        return float(np.exp(logs.mean())), 1e3
    grid = np.geomspace(0.5, 1e3, 4000)
    known = float(grid[np.abs(special.polygamma(1, grid / 2) - left).argmin()])
    return float(np.exp(logs.mean() + special.digamma(known / 2) - np.log(known / 2))), known


def measure(
    rng: np.random.Generator, seeds: int, spreads: tuple[float, float], law: tuple[float, float] | None, count: int
) -> tuple[float, float]:
    """Coverage of no uplift and mean width of studies whose sides have these spreads."""
    true = np.array([spread**2 + LUCK for spread in spreads])
    value = (rng.standard_normal((count, 2)) * np.sqrt(true / seeds)) @ [1.0, -1.0]
    degrees = np.full(2, seeds - 1.0)
    found = true * rng.chisquare(degrees, (count, 2)) / degrees
    if law is not None:
        scale, known = law
        found, degrees = (known * scale + degrees * found) / (known + degrees), degrees + known
    luck = np.full((count, 2), LUCK / seeds)
    zero, floor, many = np.zeros(count), np.full(count, 2 * LUCK / seeds), np.full(count, 1e6)
    low, high = interval(Spread(value, found / seeds, degrees, luck, zero, value, floor, many), 0.95, (-1e9, 1e9))
    return float(((low <= 0) & (high >= 0)).mean()), float((high - low).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=20_000)
    given = parser.parse_args()
    start, rng = time.process_time(), np.random.default_rng(20261129)
    scale, known = population(table())
    print(f"runs differ by {scale**0.5:.1f} points, luck of trials included, known as from {known:.1f} degrees of freedom")
    cells = [(s, s) for s in SPREADS] + [pair for s in SPREADS[1:-1] for pair in ((2 * s, s), (s, 2 * s))]
    for seeds in (2, 3):
        now = [measure(rng, seeds, cell, None, given.studies) for cell in cells]
        print(f"{seeds} seeds, today: {min(c for c, _ in now):.1%} covered at worst")
        for law in ((scale, known), *((scale * times, free) for times, free in WEAKER)):
            then = [measure(rng, seeds, cell, law, given.studies) for cell in cells]
            ratios = [b / a for (_, a), (_, b) in zip(now, then, strict=True)]
            worst, width = (
                min(c for c, _ in then),
                f"{np.median(ratios):.2f} of the width ({min(ratios):.2f} to {max(ratios):.2f})",
            )
            print(f"{seeds} seeds, {law[0] ** 0.5:.1f} points from {law[1]:.1f} degrees: {worst:.1%} at worst, {width}")
    print(f"{given.studies} studies a cell, {time.process_time() - start:.0f} CPU-s")


if __name__ == "__main__":
    main()
