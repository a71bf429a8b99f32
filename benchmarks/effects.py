"""How well the bands of effect sizes hold, on simulated studies of known truth.

    python -m benchmarks.effects [--studies 600] [--draws 1000] [--trials 40] [--level 0.95]

Runs draw a success rate from a Beta law with 10 points between runs, ten points higher for the treatment, tasks spread
from 30 to 70 %, and flip one coin per trial. Printed per number of tasks and runs: how often our band (an expanded
percentile interval) of the interquartile mean and of the chance of improvement holds the truth, beside the plain
percentile interval of the same draws, and the band of Cohen's d. Bands that are refused do not count.
"""

import argparse
import time

import numpy as np

from runtime.stats.effects.scores import FEWEST, Runs, bootstrap_band, interquartile_mean, probability_of_improvement, resample
from runtime.stats.effects.sizes import standardised

SPREAD, GAIN, MANY = 0.1, 0.1, 4000
TASKS, RUNS = (1, 3, 10), (FEWEST, 8, 12, 20)


def drawn(rng: np.random.Generator, tasks: int, runs: int, gain: float, trials: int) -> np.ndarray:
    """Success rates of runs [tasks, runs]."""
    mean = np.linspace(0.3, 0.7, tasks)[:, None] + gain if tasks > 1 else np.array([[0.5 + gain]])
    weight = mean * (1 - mean) / SPREAD**2 - 1
    return rng.binomial(trials, rng.beta(mean * weight, (1 - mean) * weight, (tasks, runs))) / trials


def truth(rng: np.random.Generator, tasks: int, trials: int) -> tuple[float, float, float]:
    """Interquartile mean, chance of improvement and standardised difference of very many runs."""
    ours, base = (drawn(rng, tasks, MANY, gain, trials) for gain in (GAIN, 0.0))
    better = [np.searchsorted(np.sort(b), a, side) for a, b in zip(ours, base, strict=True) for side in ("left", "right")]
    spread = ((ours.var(1, ddof=1) + base.var(1, ddof=1)) / 2).mean() ** 0.5
    return (float(interquartile_mean(Runs.of(ours))[0]), float(np.mean(better)) / MANY, float((ours - base).mean() / spread))


def holds(draws: np.ndarray, sides: list[Runs], level: float, value: float) -> tuple[bool, bool] | None:
    """Whether our band and the plain one hold the value; None where there is none."""
    if np.ptp(draws) == 0:
        return None
    low, high = bootstrap_band(draws, sides, level)
    plain = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return bool(low <= value <= high), bool(plain[0] <= value <= plain[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=600)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--level", type=float, default=0.95)
    given = parser.parse_args()
    rng, start = np.random.default_rng(20261120), time.process_time()
    print(f"level {given.level}, {given.studies} studies a row, {given.trials} trials a run; percent of bands that hold")
    print(f"{'tasks':>5} {'runs':>4} | {'IQM ours':>8} {'plain':>6} | {'improvement ours':>16} {'plain':>6} | {'d':>5}")
    for tasks in TASKS:
        true = truth(rng, tasks, given.trials)
        for runs in RUNS:
            found: list[list[tuple[bool, bool]]] = [[], []]
            ds = []
            for _ in range(given.studies):
                ours, base = (Runs.of(drawn(rng, tasks, runs, gain, given.trials)) for gain in (GAIN, 0.0))
                times = [resample(side, rng, draws=given.draws) for side in (ours, base)]
                both = (
                    holds(interquartile_mean(ours, times[0]), [ours], given.level, true[0]),
                    holds(probability_of_improvement(ours, base, (times[0], times[1])), [ours, base], given.level, true[1]),
                )
                for kept, one in zip(found, both, strict=True):
                    if one is not None:
                        kept.append(one)
                if effect := standardised(ours, base, given.level):
                    ds.append(effect.band.contains(true[2]))
            (iqm, iqm_plain), (better, better_plain) = (100 * np.mean(kept, axis=0) for kept in found)
            print(
                f"{tasks:>5} {runs:>4} | {iqm:>8.1f} {iqm_plain:>6.1f} | {better:>16.1f} {better_plain:>6.1f} | "
                f"{100 * np.mean(ds):>5.1f}",
                flush=True,
            )
    print(f"{time.process_time() - start:.0f} CPU-seconds")


if __name__ == "__main__":
    main()
