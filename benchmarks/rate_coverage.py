"""Do bands of a success rate keep their level? Ours beside those in common use; the studies of benchmarks/coverage.py.

    python -m benchmarks.rate_coverage [--studies 2000] [--level 0.95]

One approach, several training runs: what is its success rate over new runs? Printed per true rate and spread between
seeds (*piled up* as in benchmarks/coverage.py): lowest and mean coverage and mean width over seeds 2, 3, 5, 10,
locations 1, 3, trials 20, 50, 200 and states that matter or not, of our band, of one without the logit, of Wilson's
interval over pooled episodes and of t over seeds.
"""

import argparse
import itertools
from collections import defaultdict

import numpy as np
from scipy import stats

from benchmarks.coverage_methods import Seen
from benchmarks.coverage_studies import Shape, Truth, expected, studies
from runtime.stats.inference.interval import Spread, interval

LIMITS = (0.0, 100.0)
SHAPES = tuple(itertools.starmap(Shape, itertools.product((2, 3, 5, 10), (1, 3), (20, 50, 200))))
RATES, SPREADS, STATE_SPREADS = (0.05, 0.2, 0.5, 0.9), (0.0, 5.0, 15.0), (0.0, 1.0)
Band = tuple[np.ndarray, np.ndarray]


def spread(seen: Seen, level: float) -> Spread:
    """What `rate_group` makes of runs; a rate is an uplift over a baseline that always fails."""
    places, seeds = seen.treated.shape[1:]
    n, add = seeds * seen.trials, float(stats.norm.ppf((1 + level) / 2)) ** 2 / places
    smoothed = (seen.gained + add / 2) / (n + add)
    states = seen.by_state - seen.within
    luck = 1e4 * smoothed * (1 - smoothed) / (n + add)
    floor = luck + np.maximum(states, 0) * (1 - 1 / seeds)
    return Spread(
        seen.value,
        seen.treated.var(-1, ddof=1) / seeds / places**2,
        np.full(places, seeds - 1.0),
        luck / places**2,
        states.sum(1) / places**2,
        100 * smoothed.mean(1),
        floor.sum(1) / places**2,
        np.minimum(seen.gained, n - seen.gained).sum(1).astype(float),
    )


def bands(seen: Seen, level: float) -> dict[str, Band]:
    """Every method's (low, high), each [studies]."""
    found = spread(seen, level)
    z, p, n = float(stats.norm.ppf((1 + level) / 2)), seen.value / 100, seen.size
    centre, reach = p + z * z / 2 / n, z * np.sqrt(p * (1 - p) / n + z * z / 4 / n**2)
    each = seen.treated.mean(1)
    seeds = each.shape[-1]
    t = stats.t.ppf((1 + level) / 2, seeds - 1) * each.std(-1, ddof=1) / seeds**0.5
    return {
        "ours": interval(found, level, LIMITS, logit=True),
        "no logit": interval(found, level, LIMITS),
        "wilson": (100 * (centre - reach) / (1 + z * z / n), 100 * (centre + reach) / (1 + z * z / n)),
        "seed t": (np.clip(seen.value - t, *LIMITS), np.clip(seen.value + t, *LIMITS)),
    }


def measure(rng: np.random.Generator, truth: Truth, shape: Shape, count: int, level: float) -> dict[str, tuple[float, float]]:
    """Coverage and mean width of every method for the rate `truth.treated`."""
    target = expected(truth.treated, truth.spread, truth.state_spread)
    found = defaultdict(list)
    for treated, _ in studies(rng, truth, shape, count):
        for method, (low, high) in bands(Seen.of(treated, np.zeros_like(treated)), level).items():
            found[method].append(np.stack([(low <= target + 1e-9) & (target - 1e-9 <= high), high - low]))
    return {method: tuple(np.concatenate(parts, 1).mean(1)) for method, parts in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=2000)
    parser.add_argument("--level", type=float, default=0.95)
    given = parser.parse_args()
    rng = np.random.Generator(np.random.SFC64(20261121))
    for rate, between in itertools.product(RATES, SPREADS):
        rows = [
            measure(rng, Truth(rate, rate, between, states), shape, given.studies, given.level)
            for shape, states in itertools.product(SHAPES, STATE_SPREADS)
        ]
        piled = " (piled up)" if between / 100 >= (rate * (1 - rate)) ** 0.5 / 2 - 1e-9 else ""
        shown = "  ".join(
            f"{method} {min(r[method][0] for r in rows):.1%} {np.mean([r[method][0] for r in rows]):.1%} "
            f"{np.mean([r[method][1] for r in rows]):5.1f}"
            for method in rows[0]
        )
        print(f"rate {rate:.0%} spread {between:2.0f}: {shown}{piled}", flush=True)


if __name__ == "__main__":
    main()
