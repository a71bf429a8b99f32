"""Comparisons that stop early: does the band over training runs keep its level, and how many trials are saved?

    python -m benchmarks.interim [--studies 4000] [--level 0.95] [--looks 4] [--stop-level 0.99]

Studies as in `benchmarks.coverage`. At each place the comparison stops at the first look at which the always-valid
band of these training runs (`runtime.stats.looks.always_valid`) leaves out zero. The band of the uplift then counts the
trials that ran, as `uplift` does. Printed for each shape and truth: share of studies whose band covers the truth and
share whose band leaves out zero, both beside the same studies without stopping, and the share of trials saved.
"""

import argparse
import itertools
import time

import numpy as np

from benchmarks.coverage_methods import Places, Seen, band_of
from benchmarks.coverage_studies import Shape, Truth, studies
from runtime.bound.sequential import stop_level
from runtime.stats.looks.always_valid import leaves_out_zero
from runtime.stats.looks.look import cuts

SHAPES = tuple(
    itertools.starmap(Shape, ((2, 1, 40), (3, 1, 100), (3, 3, 100), (3, 10, 100), (5, 1, 200), (5, 3, 40), (10, 1, 100)))
)
TRUTHS = tuple(
    Truth(*rates, spread)
    for rates in ((0.5, 0.5), (0.05, 0.05), (0.5, 0.65), (0.5, 0.9), (0.02, 0.6))
    for spread in (0.0, 5.0, 15.0)
)


def stopped(treated: np.ndarray, base: np.ndarray, looks: int, level: float) -> np.ndarray:
    """The look [studies, locations], from 0, after which each place stops; the last one where none stops it.

    Args:
        treated: outcomes [S, L, K, N] of bool.
        base: the same of the baseline.
    """
    states = (treated.mean(2) - base.mean(2)).reshape(-1, treated.shape[-1])  # [S * L, N]
    sure = leaves_out_zero(states, level)[:, np.array(cuts(treated.shape[-1], looks)) - 1]
    sure[:, -1] = True
    return sure.argmax(1).reshape(treated.shape[:2])


def measure(
    rng: np.random.Generator, truth: Truth, shape: Shape, count: int, looks: int, level: float, stops_at: float | None = None
) -> tuple[float, ...]:
    """Coverage and share of bands without zero, with and without stopping, and the share of trials saved."""
    found = []
    for treated, base in studies(rng, truth, shape, count):
        at = stopped(treated, base, looks, stops_at or stop_level(level))
        ends = cuts(shape.trials, looks)
        each = [Places.of(Seen.of(treated[..., :n], base[..., :n])) for n in ends]
        picked = Places(
            *(
                np.choose(at.reshape(*at.shape, *(1,) * (parts[0].ndim - 2)), parts)
                for parts in ([vars(p)[name] for p in each] for name in vars(each[0]))
            )
        )
        row = []
        for places in (picked, each[-1]):
            low, high = band_of(places, shape.seeds, level)
            row += [(low <= truth.uplift + 1e-9) & (truth.uplift - 1e-9 <= high), (low > 1e-9) | (high < -1e-9)]
        found.append(np.stack([*row, 1 - np.array(ends)[at].mean(1) / shape.trials]))
    return tuple(float(x) for x in np.concatenate(found, 1).mean(1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=4000)
    parser.add_argument("--level", type=float, default=0.95)
    parser.add_argument("--stop-level", type=float, help="level of the bands that stop comparisons")
    parser.add_argument("--looks", type=int, default=4)
    parser.add_argument("--seed", type=int, default=20261128)
    given = parser.parse_args()
    start, rng = time.process_time(), np.random.Generator(np.random.SFC64(given.seed))
    worst: dict[str, list[float]] = {"stopping": [], "fixed": []}
    print("seeds loc trials  rates       spread | covered  fixed | no zero  fixed | saved")
    for shape, truth in itertools.product(SHAPES, TRUTHS):
        covered, sure, fixed, fixed_sure, saved = measure(
            rng, truth, shape, given.studies, given.looks, given.level, given.stop_level
        )
        worst["stopping"].append(covered)
        worst["fixed"].append(fixed)
        print(
            f"{shape.seeds:5} {shape.locations:3} {shape.trials:6}  {truth.base:.2f} {truth.treated:.2f} "
            f"{truth.spread:10.0f} | {covered:6.1%} {fixed:6.1%} | {sure:6.1%} {fixed_sure:6.1%} | {saved:5.1%}"
        )
    for name, values in worst.items():
        print(f"{name}: covered {min(values):.1%} at worst, {np.mean(values):.1%} on average")
    print(f"{time.process_time() - start:.0f} CPU-s")


if __name__ == "__main__":
    main()
