"""Do bands of agreement between simulation and reality keep their level? Studies with a known truth.

    python -m benchmarks.sim_real_bands [--studies 100] [--level 0.95]

Policies' true rates have just the Pearson correlation of their cell (0.3 to 0.99), real ones a spread of 8 or 20 points, and a
simulator that is off by up to 40 points on average. Counted are how many bands hold the correlation, or the mean maximum
rank violation, of these policies' true rates, beside bands that draw each rate from its own counts alone (as `ours` did once).
A cell that seems more than 3 points below the level is measured again on three times as many fresh studies, which then count.
"""

import argparse
import itertools
import time

import numpy as np

from runtime.stats.transfer.agreement import MEASURES, Rates, agreement

CORRELATIONS = (0.3, 0.77, 0.95, 0.99)
POLICIES = (4, 10, 30)
TRIALS = ((50, 10), (200, 20), (200, 200))
"""In simulation and in reality."""
SPREADS = (0.08, 0.2)
NAMES = ("pearson", "mmrv")


def true_rates(rng: np.random.Generator, policies: int, correlation: float, spread: float) -> np.ndarray:
    """Rates [2, policies] in simulation and in reality, of which the correlation is exact, all within 1 to 99 %."""
    while True:
        real = _standard(rng.standard_normal(policies))
        other = rng.standard_normal(policies)
        other = _standard(other - real * (real @ other) / policies - other.mean())
        simulated = correlation * real + (1 - correlation**2) ** 0.5 * other
        rates = rng.uniform(0.3, 0.7, (2, 1)) + np.stack([0.15 * simulated, spread * real])
        if rates.min() >= 0.01 and rates.max() <= 0.99:
            return rates


def _standard(values: np.ndarray) -> np.ndarray:
    centred = values - values.mean()
    return centred / centred.std()


def each_by_itself(rng: np.random.Generator, wins: np.ndarray, trials: np.ndarray, name: str, level: float) -> np.ndarray:
    """Low and high end of the band that draws every rate from its Beta distribution (Jeffreys' prior) and nothing else."""
    drawn = rng.beta(wins + 0.5, trials - wins + 0.5, (600, *wins.shape))
    return np.nanquantile(MEASURES[name](drawn[:, 0], drawn[:, 1]), [(1 - level) / 2, (1 + level) / 2])


def covered(rng: np.random.Generator, cell: tuple[int, tuple[int, int], float, float], studies: int, level: float) -> np.ndarray:
    """[measures, (ours, its width, each by itself, its width)], means over studies."""
    policies, counts, spread, correlation = cell
    trials, found = np.array(counts)[:, None], np.zeros((len(NAMES), 4))
    for _ in range(studies):
        truth = true_rates(rng, policies, correlation, spread)
        wins = rng.binomial(trials, truth)
        rates = [Rates(str(i), *(wins[:, i] / trials[:, 0]), *counts) for i in range(policies)]
        ours = agreement(rates, {name: MEASURES[name] for name in NAMES}, level, draws=600, seed=int(rng.integers(2**31)))
        for row, name in zip(found, NAMES, strict=True):
            want, band = float(MEASURES[name](*truth)), ours[name].band
            ends = [(band.low, band.high) if band else (-1.0, 1.0), each_by_itself(rng, wins, trials, name, level)]
            row += [x for low, high in ends for x in (low - 1e-9 <= want <= high + 1e-9, high - low)]
    return found / studies


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=100)
    parser.add_argument("--level", type=float, default=0.95)
    parser.add_argument("--seed", type=int, default=20261129)
    given = parser.parse_args()
    start, rng = time.process_time(), np.random.default_rng(given.seed)
    cells = list(itertools.product(POLICIES, TRIALS, SPREADS, CORRELATIONS))
    lowest, rows = given.level - 0.03, []
    for cell in cells:
        row = covered(rng, cell, given.studies, given.level)
        rows.append(covered(rng, cell, 3 * given.studies, given.level) if row[:, 0].min() < lowest else row)
    found = np.stack(rows)
    print(f"{'measure':9} {'r':>5} {'cells':>5}  ours: lowest, mean, width    each rate by itself: lowest, mean, width")
    for (i, name), correlation in itertools.product(enumerate(NAMES), CORRELATIONS):
        rows = found[[cell[3] == correlation for cell in cells], i]
        told = "  ".join(f"{rows[:, k].min():6.1%} {rows[:, k].mean():6.1%} {rows[:, k + 1].mean():5.2f}" for k in (0, 2))
        print(f"{name:9} {correlation:5.2f} {len(rows):5}  {told}")
    for i, name in enumerate(NAMES):
        low = [(found[k, i, 0], cells[k]) for k in range(len(cells)) if found[k, i, 0] < lowest - 1e-9]
        print(f"{name}: {len(low)} of {len(cells)} cells more than 3 points below", *sorted(low)[:5])
    print(f"{given.studies} studies a cell, {time.process_time() - start:.0f} CPU-s")


if __name__ == "__main__":
    main()
