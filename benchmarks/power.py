"""Is the power that a plan promises what its studies then have?

    python -m benchmarks.power [--studies 1000]

Studies are drawn as `compiler.laws.power.power` assumes them (rates round one half, training seeds that differ by 5, 10, 20
points, outcomes of any two runs correlated by their initial state), of 1 and 2 places, 2, 3, 5 and 10 seeds, 40 trials, with the
uplift for which half and four in five are promised a decision. Counted is how many bands of `runtime.stats.inference` lie above
zero.
"""

import argparse
import time
from dataclasses import replace

import numpy as np

from compiler.laws.power.power import BASE_RATE, Design, needed_distance, power
from runtime.stats.inference.estimate import estimate
from runtime.stats.inference.group import uplift_group

DESIGN = Design("uplift", seeds=5, trials=40, groups=2, level=0.95)


def outcomes(values: np.ndarray) -> dict[int, dict[str, float]]:
    """[S, N] -> seed -> state -> outcome."""
    return {s: {str(i): float(x) for i, x in enumerate(run)} for s, run in enumerate(values)}


def simulated(design: Design, shift: float, studies: int, rng: np.random.Generator) -> tuple[float, float]:
    """Mean half-width of the bands, and the share that lies above zero, when the assumptions hold and the uplift is `shift`."""
    widths, above = [], 0
    for _ in range(studies):
        groups = []
        for _ in range(design.groups):
            states = rng.random(design.trials)
            runs = []
            for extra in (shift, 0.0):
                chance = BASE_RATE + (extra - shift / 2 + design.spread * rng.standard_normal(design.seeds)) / 100
                own = rng.random((design.seeds, design.trials))
                shared = rng.random((design.seeds, design.trials)) < design.correlation**0.5
                runs.append((np.where(shared, states, own) < chance[:, None]).astype(float))
            groups.append(uplift_group(outcomes(runs[0]), outcomes(runs[1]), design.groups))
        found = estimate(groups, design.level, (-100.0, 100.0))
        widths.append(found.band.width / 2)
        above += found.band.low > 0
    return float(np.mean(widths)), above / studies


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=1000)
    given = parser.parse_args()
    start, rng = time.process_time(), np.random.default_rng(20261129)
    print("spread places seeds uplift  width promised, kept  power promised, kept")
    worst = 0.0
    for spread in (5.0, 10.0, 20.0):
        for groups in (1, 2):
            for seeds in (2, 3, 5, 10):
                design = replace(DESIGN, spread=spread, groups=groups, seeds=seeds)
                for chance in (0.5, 0.8):
                    shift = needed_distance(design, chance)
                    if shift > 60:
                        continue  # rates would leave 0..100
                    width, kept = simulated(design, shift, given.studies, rng)
                    promised = power(design, shift)
                    worst = max(worst, abs(kept - promised))
                    print(
                        f"{spread:6g} {groups:6} {seeds:5} {shift:6.1f}  {design.half_width:14.1f}, {width:4.1f}"
                        f"  {promised:14.1%}, {kept:5.1%}"
                    )
    print(f"{given.studies} studies a cell, worst {100 * worst:.1f} points, {time.process_time() - start:.0f} CPU-s")


if __name__ == "__main__":
    main()
