"""Do rankings keep their level? All pairs at once, intervals of ranks and the set that cannot be told from the best.

    python -m benchmarks.ranking [--studies 100] [--level 0.95] [--trials 40]

Studies of 3, 6 and 10 approaches, 2, 3 and 5 seeds, 5 or 10 points between training runs, initial states that matter; once where
all are the same and once where they are spread over 30 points. Printed: how often *all* bands hold, how often all intervals of
ranks do, and how often the true best is among those that cannot be told from the best; beside bands that each stand alone.
"""

import argparse
import itertools
import time

import numpy as np

from runtime.stats.ranking.ranking import rankings
from runtime.stats.table.outcomes import Trials

APPROACHES, SEEDS, SPREADS, RANGES = (3, 6, 10), (2, 3, 5), (5.0, 10.0), (0.0, 30.0)
LIMITS = (0.02, 0.98)


def study(rng: np.random.Generator, rates: np.ndarray, seeds: int, spread: float, trials: int) -> Trials:
    """One location; runs scatter by `spread` points, initial states by 15, both alike for every approach."""
    ease = rng.normal(0, 0.15, trials)
    outcomes = {}
    for i, rate in enumerate(rates):
        chance = rate + ease + rng.normal(0, spread / 100, (seeds, 1))
        won = rng.random((seeds, trials)) < chance.clip(*LIMITS)
        runs = {s: {str(k): float(w) for k, w in enumerate(row)} for s, row in enumerate(won)}
        outcomes[f"a{i}", "twin"] = {("here", "task"): runs}
    return Trials(outcomes)


def measure(rng: np.random.Generator, cell: tuple[int, int, float, float], studies: int, level: float, trials: int) -> np.ndarray:
    """Share of studies in which all bands, all ranks and the set of the best hold; and all bands that each stand alone."""
    count, seeds, spread, across = cell
    rates = np.linspace(0.5 + across / 200, 0.5 - across / 200, count)
    found = np.zeros(4)
    for _ in range(studies):
        (one,) = rankings(study(rng, rates, seeds, spread, trials), level)
        true = {f"a{i}": rate for i, rate in enumerate(100 * rates)}
        inside = [p["band"][0] <= true[p["first"]] - true[p["second"]] <= p["band"][1] for p in one["pairs"]]
        ranks = []
        for row in one["rows"]:
            above, level_with = (
                sum(r > true[row["approach"]] for r in true.values()),
                sum(r == true[row["approach"]] for r in true.values()),
            )
            ranks.append(row["rank"][0] <= above + level_with and row["rank"][1] >= above + 1)
        best = any(row["best"] for row in one["rows"] if true[row["approach"]] == max(true.values()))
        found += [all(inside), all(ranks), best, np.mean(inside)]
    return found / studies


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=100)
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--level", type=float, default=0.95)
    parser.add_argument("--seed", type=int, default=20261129)
    given = parser.parse_args()
    start, rng = time.process_time(), np.random.default_rng(given.seed)
    print(f"{'approaches':>10} {'seeds':>5} {'cells':>5}  lowest and mean: all pairs, all ranks, best in the set; each pair")
    for count, seeds in itertools.product(APPROACHES, SEEDS):
        cells = [(count, seeds, *more) for more in itertools.product(SPREADS, RANGES)]
        rows = np.stack([measure(rng, cell, given.studies, given.level, given.trials) for cell in cells])
        told = ", ".join(f"{rows[:, i].min():.0%} {rows[:, i].mean():.1%}" for i in range(3))
        print(f"{count:10} {seeds:5} {len(cells):5}  {told}; {rows[:, 3].mean():.1%}", flush=True)
    print(f"{given.studies} studies a cell, {time.process_time() - start:.0f} CPU-s")


if __name__ == "__main__":
    main()
