"""Does what an undecided study promises hold: how often is a number of seeds told, and does its range hold the true one?

    python -m benchmarks.outlook [--studies 300]

Studies of 3 seeds, one location and 40 trials, 10 points between seeds, rates near one half. The true number is the least whose
simulated studies decide four times in five.
"""

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from benchmarks.coverage_studies import Shape, Truth, studies
from runtime.stats.inference.estimate import Estimate, estimate
from runtime.stats.inference.group import uplift_group
from runtime.stats.inference.outlook import POWER, outlook

SPREAD = 10.0
TRIALS = 40
SEEDS = 3
SURE = {0.0: None, 5.0: 110, 10.0: 27, 15.0: 14}
"""Uplift of the rates, in points -> seeds that decide four times in five: what `--check` measures."""


@dataclass(frozen=True)
class Promises:
    """Counts of studies: undecided, of those with a promise, of those with the true number of seeds `within` its range.
    `detectable` is the median of what undecided ones say they see."""

    undecided: int
    promised: int
    within: int
    detectable: float


def estimates(rng: np.random.Generator, uplift: float, seeds: int, count: int) -> Iterator[Estimate]:
    """Of studies, each with a band at 95 %."""
    truth = Truth(0.5, 0.5 + uplift / 100, SPREAD)
    for treated, base in studies(rng, truth, Shape(seeds, 1, TRIALS), count):
        for sides in zip(treated[:, 0], base[:, 0], strict=True):
            ours, theirs = (
                {s: {str(i): float(won) for i, won in enumerate(run)} for s, run in enumerate(side)} for side in sides
            )
            yield estimate([uplift_group(ours, theirs)], 0.95, (-100.0, 100.0))


def promises(rng: np.random.Generator, uplift: float, count: int) -> Promises:
    """What studies of so much true uplift promise."""
    seen, ranges = [], []
    for found in estimates(rng, uplift, SEEDS, count):
        if found.direction == "undecided":
            ahead = outlook(found, abs(found.value))
            seen.append(ahead.detectable or 100.0)
            ranges += [ahead.seeds] if ahead.seeds else []
    true = SURE[uplift] or np.inf
    within = sum(fewest <= true <= (most or np.inf) for fewest, most in ranges)
    return Promises(len(seen), len(ranges), within, float(np.median(seen)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=300)
    parser.add_argument("--check", action="store_true", help="measure how often the true numbers of seeds decide")
    given = parser.parse_args()
    start, rng = time.process_time(), np.random.default_rng(20261129)
    for uplift, true in SURE.items():
        found = promises(rng, uplift, given.studies)
        print(
            f"{uplift:4.0f} points, {true or 'no'} seeds decide: of {given.studies} studies {found.undecided} undecided, "
            f"{found.promised} promise, {found.within} of them hold the true number; they see {found.detectable:.0f} points"
        )
        if given.check and true:
            won = [e.direction != "undecided" for e in estimates(rng, uplift, true, given.studies)]
            print(f"     {true} seeds decide {np.mean(won):.0%} (wanted {POWER:.0%})")
    print(f"{time.process_time() - start:.0f} CPU-s")


if __name__ == "__main__":
    main()
