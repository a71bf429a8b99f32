"""Coverage of our uplift band beside the usual episode-pooled one, on simulated studies with known truth.

    python benchmarks/band_coverage.py [--studies 400] [--level 0.95]

Each study draws, for baseline and treatment, the success rate of every training run from a Beta distribution whose
standard deviation is `spread` points, shifts its logit per initial state (states are common to all runs), and flips
one coin per episode. The truth is the expected uplift over new runs and new states at the same locations. Printed per
cell: coverage and mean width of our band and of the paired normal band over pooled episodes; the last column is the
false-positive rate of ours where the truth is no uplift.
"""

import argparse
import itertools

import numpy as np
from scipy import stats
from scipy.special import expit, logit

from runtime.stats.group import uplift_group
from runtime.stats.inference import estimate


def rate_law(base: float, spread: float) -> tuple[float, float]:
    """Beta parameters with mean `base` and a standard deviation of `spread` points (at most 90 % of the possible)."""
    sd = min(max(spread, 1e-3) / 100, 0.9 * (base * (1 - base)) ** 0.5)
    weight = base * (1 - base) / sd**2 - 1
    return base * weight, (1 - base) * weight


def shifted(rates: np.ndarray, states: np.ndarray) -> np.ndarray:
    """Success probability of runs [S] at states with logit shifts [N], as [S, N]."""
    return expit(logit(rates.clip(1e-9, 1 - 1e-9))[:, None] + states[None, :])


def runs(rng: np.random.Generator, base: float, spread: float, states: np.ndarray, seeds: int) -> np.ndarray:
    """Outcomes [S, N] in {0, 1} of `seeds` runs on states with logit shifts `states` [N]."""
    chance = shifted(rng.beta(*rate_law(base, spread), size=seeds), states)
    return (rng.random(chance.shape) < chance).astype(float)


def truth(base: float, spread: float, state_spread: float) -> float:
    """Expected success rate in points over new runs and new states, by quadrature."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(41)
    levels = stats.beta.ppf((np.arange(4001) + 0.5) / 4001, *rate_law(base, spread))
    return 100 * float((shifted(levels, state_spread * nodes) @ (weights / weights.sum())).mean())


def simulate(
    rng: np.random.Generator, rates: tuple[float, float], spread: float, seeds: int, locations: int, trials: int,
    studies: int, level: float, state_spread: float = 1.0,
) -> dict[str, float]:  # fmt: skip
    """Coverage and width of both bands over `studies` studies, as fractions and points."""
    target = truth(rates[1], spread, state_spread) - truth(rates[0], spread, state_spread)
    z = float(stats.norm.ppf((1 + level) / 2))
    hit, pooled_hit, width, pooled_width, excludes_zero = [], [], [], [], []
    for _ in range(studies):
        groups, differences = [], []
        for _ in range(locations):
            states = state_spread * rng.standard_normal(trials)
            base, treated = (runs(rng, rate, spread, states, seeds) for rate in rates)
            groups.append(
                uplift_group(
                    *({s: dict(enumerate_str(row)) for s, row in enumerate(x)} for x in (treated, base)), locations
                )
            )
            differences.append((treated - base).ravel())
        ours = estimate(groups, level, (-100, 100)).band
        flat = 100 * np.concatenate(differences)
        reach = z * flat.std(ddof=1) / len(flat) ** 0.5
        hit.append(ours.contains(target))
        width.append(ours.width)
        excludes_zero.append(not ours.contains(0))
        pooled_hit.append(abs(flat.mean() - target) <= reach)
        pooled_width.append(2 * reach)
    return {
        "coverage": float(np.mean(hit)), "width": float(np.mean(width)), "excludes_zero": float(np.mean(excludes_zero)),
        "pooled_coverage": float(np.mean(pooled_hit)), "pooled_width": float(np.mean(pooled_width)),
    }  # fmt: skip


def enumerate_str(row: np.ndarray) -> list[tuple[str, float]]:
    """(state id, outcome) of one run."""
    return [(str(i), float(x)) for i, x in enumerate(row)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=400)
    parser.add_argument("--level", type=float, default=0.95)
    parser.add_argument("--trials", type=int, default=40)
    given = parser.parse_args()
    rng = np.random.default_rng(20)
    print(f"level {given.level}, {given.trials} trials a cell, {given.studies} studies a row")
    print(f"{'seeds':>5} {'loc':>3} {'spread':>6} {'base':>5} {'treat':>5} | {'ours':>6} {'width':>6} "
          f"| {'pooled':>6} {'width':>6} | false positives")  # fmt: skip
    worst, highest = 1.0, 0.0
    for seeds, locations, spread, rates in itertools.product(
        (2, 3, 5), (1, 2), (0.0, 5.0, 15.0), ((0.05, 0.05), (0.5, 0.5), (0.95, 0.95), (0.05, 0.5), (0.5, 0.65))
    ):
        found = simulate(rng, rates, spread, seeds, locations, given.trials, given.studies, given.level)
        worst = min(worst, found["coverage"])
        null = rates[0] == rates[1]
        highest = max(highest, found["excludes_zero"] if null else 0.0)
        print(f"{seeds:5} {locations:3} {spread:6.0f} {rates[0]:5.2f} {rates[1]:5.2f} | "
              f"{found['coverage']:6.1%} {found['width']:6.1f} | {found['pooled_coverage']:6.1%} "
              f"{found['pooled_width']:6.1f} | {format(found['excludes_zero'], '.1%') if null else '-'}")  # fmt: skip
    print(f"worst coverage of ours {worst:.1%}, highest false-positive rate {highest:.1%}")


if __name__ == "__main__":
    main()
