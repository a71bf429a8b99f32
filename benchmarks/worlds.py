"""Do bands hold where all runs of a place are tried in one world model, whose error they share?

    python -m benchmarks.worlds [--studies 200]

Studies of 2, 3, 4 and 8 places with a world model each, 5 seeds, 40 trials, 5 points between seeds and an uplift of 10 points. A
model adds an error of its own to an approach's uplift, with a standard deviation of 0, 5 or 10 points, common to all seeds.
Counted are 95 % bands that hold the true uplift: ours, with the world model as the unit, and those that know nothing of models,
which speak of these very models and are asked the same question here. Their mean widths stand beside.
"""

import argparse
import time
from dataclasses import replace

import numpy as np

from benchmarks.power import outcomes
from runtime.stats.inference.estimate import estimate
from runtime.stats.inference.group import Group, uplift_group

POINTS = (-100.0, 100.0)
UPLIFT, SPREAD, SEEDS, TRIALS, LEVEL = 10.0, 5.0, 5, 40, 0.95


def place(rng: np.random.Generator, places: int, error: float) -> Group:
    """One place, tried in one world model with an error of its own."""
    shift = UPLIFT + error * rng.standard_normal()
    runs = []
    for extra in (shift / 2, -shift / 2):
        chance = 0.5 + (extra + SPREAD * rng.standard_normal(SEEDS)) / 100
        runs.append((rng.random((SEEDS, TRIALS)) < chance[:, None]).astype(float))
    return uplift_group(outcomes(runs[0]), outcomes(runs[1]), places)


def measure(rng: np.random.Generator, places: int, error: float, studies: int) -> np.ndarray:
    """Coverage and mean width [2, 2] of bands with the model as the unit, and of those without."""
    found = np.zeros((2, 2))
    for _ in range(studies):
        groups = [place(rng, places, error) for _ in range(places)]
        for k, own in enumerate(([replace(g, world=str(i)) for i, g in enumerate(groups)], groups)):
            band = estimate(own, LEVEL, POINTS).band
            found[k] += band.contains(UPLIFT), band.width
    return found / studies


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=200)
    given = parser.parse_args()
    start, rng = time.process_time(), np.random.default_rng(20261129)
    print("models error   ours: covered, width   without models: covered, width")
    for places in (2, 3, 4, 8):
        for error in (0.0, 5.0, 10.0):
            (ours, wide), (plain, narrow) = measure(rng, places, error, given.studies)
            print(f"{places:6} {error:5g}   {ours:14.1%}, {wide:5.1f}   {plain:23.1%}, {narrow:5.1f}")
    print(f"{given.studies} studies a cell, {time.process_time() - start:.0f} CPU-s")


if __name__ == "__main__":
    main()
