"""Do the bands of learning curves keep their level? Areas, their differences, and sample efficiency by two methods.

    python -m benchmarks.learning_curves [--studies 100] [--level 0.9]

Made-up studies of two approaches with known curves, straight between checkpoints at 100, 200 and 400 gradient steps.
Each training run has luck of its own at all of its checkpoints, initial states are easy or hard for everyone, outcomes
of one run and state often stay the same from checkpoint to checkpoint, and runs pair as in real studies: 1 or 3
locations, 20 trials a checkpoint, luck of 0 or 5 points. Printed for each number of training seeds: how often the
bands of the treatment's area, of the difference of areas and of sample efficiency held the truth (lowest and mean over
truths, locations and luck), the same of a percentile bootstrap of sample efficiency over training runs, and how often
the band of sample efficiency was closed at both ends.
"""

import argparse
import itertools
from collections import defaultdict

import numpy as np

from runtime.stats.curves.area import area, needed_for
from runtime.stats.curves.curve import Curves, difference, mean_height
from runtime.stats.curves.efficiency import Efficiency, efficiency

STEPS = (100, 200, 400)
BASE = (0.25, 0.4, 0.6)
TRUTHS = {"no faster": BASE, "1.25 times": (0.3, 0.45, 0.7), "twice": (0.4, 0.6, 0.75)}
TRIALS, STATE_REACH, RESAMPLES, SAME = 20, 0.1, 400, 0.5
Rates = tuple[float, ...]


def arm(rng: np.random.Generator, rates: Rates, luck: float, ease: np.ndarray, seeds: int) -> np.ndarray:
    """Outcomes [places, seeds, checkpoints, trials] of one approach; `ease` [places, trials] is common to all."""
    places = len(ease)
    own = rng.uniform(-1, 1, (places, seeds, 1, 1)) * luck * 3**0.5
    chance = np.array(rates)[None, None, :, None] + own + ease[:, None, None, :]
    shape = (places, seeds, len(rates), TRIALS)
    stays = rng.random((places, seeds, 1, TRIALS)) < SAME
    drawn = np.where(stays, rng.random((places, seeds, 1, TRIALS)), rng.random(shape))
    return (drawn < chance).astype(float)


def curves(outcomes: np.ndarray) -> Curves:
    """As `runtime.stats.curves.curve` takes them."""
    return {
        (f"place {p}", "task"): {
            s: {step: {str(i): float(x) for i, x in enumerate(row)} for step, row in zip(STEPS, run, strict=True)}
            for s, run in enumerate(place)
        }
        for p, place in enumerate(outcomes)
    }


def saved(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Sample efficiency of mean curves [checkpoints]; 0 where never reached, infinite where there from the first."""
    found = needed_for(STEPS, ours.tolist(), float(theirs[-1]))
    return 0.0 if found is None else np.inf if found == STEPS[0] else STEPS[-1] / found


def bootstrap(rng: np.random.Generator, ours: np.ndarray, theirs: np.ndarray, level: float) -> tuple[float, float]:
    """Percentile bootstrap over pairs of runs, within each location."""
    means = np.stack([ours.mean(-1), theirs.mean(-1)])  # [2, places, seeds, checkpoints]
    places, seeds = means.shape[1:3]
    drawn = []
    for _ in range(RESAMPLES):
        picked = rng.integers(0, seeds, (places, seeds))
        again = np.stack([means[:, p, picked[p]] for p in range(places)], 1).mean((1, 2))
        drawn.append(saved(again[0], again[1]))
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2], method="inverted_cdf")
    return float(low), float(high)


def measure(
    rng: np.random.Generator, rates: Rates, places: int, seeds: int, luck: float, studies: int, level: float
) -> dict[str, float]:
    """How often each band held the truth."""
    height, base = (area(STEPS, [100 * r for r in curve]) for curve in (rates, BASE))
    truth = STEPS[-1] / float(needed_for(STEPS, rates, BASE[-1]) or 0)
    held: dict[str, list[bool]] = defaultdict(list)
    for _ in range(studies):
        ease = rng.uniform(-STATE_REACH, STATE_REACH, (places, TRIALS))
        ours, theirs = arm(rng, rates, luck, ease, seeds), arm(rng, BASE, luck, ease, seeds)
        treated, other = curves(ours), curves(theirs)
        found, away, times = (mean_height(treated, level), difference(treated, other, level), efficiency(treated, other, level))
        assert found is not None and away is not None and isinstance(times, Efficiency)  # noqa: PT018
        held["area"].append(found[0].band.contains(height))
        held["difference"].append(away[0].band.contains(height - base))
        held["efficiency"].append((times.low or 0) <= truth <= (np.inf if times.high is None else times.high))
        low, high = bootstrap(rng, ours, theirs, level)
        held["bootstrap"].append(low <= truth <= high)
        held["closed"].append(times.low is not None and times.high is not None)
    return {name: float(np.mean(each)) for name, each in held.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=100)
    parser.add_argument("--level", type=float, default=0.9)
    given = parser.parse_args()
    rng = np.random.default_rng(20261128)
    for seeds in (2, 3, 5, 10):
        rows = [
            measure(rng, TRUTHS[truth], places, seeds, luck, given.studies, given.level)
            for truth, places, luck in itertools.product(TRUTHS, (1, 3), (0.0, 0.05))
        ]
        shown = "  ".join(
            f"{name} {min(r[name] for r in rows):.1%} {np.mean([r[name] for r in rows]):.1%}"
            for name in ("area", "difference", "efficiency", "bootstrap")
        )
        print(f"{seeds} seeds: {shown}  closed {np.mean([r['closed'] for r in rows]):.0%}", flush=True)


if __name__ == "__main__":
    main()
