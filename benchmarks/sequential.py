"""What stopping early saves, and whether it keeps its error rate, on simulated pairs of two policies.

    python -m benchmarks.sequential [--studies 2000] [--trials 200] [--level 0.95]

Two policies meet the same initial states, up to `--trials` of them. Printed per uplift and share of discordant pairs:
how often the always-valid test decides, after how many trials on average, and what share of those planned it saves;
beside it McNemar's exact test, once at the end (its power) and looked at after every trial (its error, used that way).
"""

import argparse

import numpy as np
from scipy.stats import binom

from runtime.stats.looks.always_valid import leaves_out_zero

CASES = ((0.0, 0.1), (0.0, 0.5), (5.0, 0.2), (10.0, 0.3), (20.0, 0.3), (20.0, 0.5), (30.0, 0.5), (50.0, 0.6))
"""(uplift in points, share of discordant pairs)"""


def simulate(rng: np.random.Generator, uplift: float, discordant: float, trials: int, studies: int) -> np.ndarray:
    """Paired differences [studies, trials] in {-1, 0, 1}."""
    gain, loss = (discordant + uplift / 100) / 2, (discordant - uplift / 100) / 2
    u = rng.random((studies, trials))
    return (u < gain).astype(np.int8) - (u > 1 - loss).astype(np.int8)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=2000)
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--level", type=float, default=0.95)
    given = parser.parse_args()
    rng = np.random.default_rng(20261120)
    print(f"level {given.level}, at most {given.trials} pairs, {given.studies} studies a row")
    print(
        f"{'uplift':>6} {'discordant':>10} | {'decides':>7} {'trials':>6} {'saved':>6} | {'McNemar at the end':>18} "
        f"{'after every trial':>17}"
    )
    for uplift, discordant in CASES:
        seen = simulate(rng, uplift, discordant, given.trials, given.studies)
        gained, lost = np.cumsum(seen > 0, 1), np.cumsum(seen < 0, 1)
        beyond = leaves_out_zero(seen, given.level)
        decided = beyond.any(1)
        stops = np.where(decided, beyond.argmax(1) + 1, given.trials)
        exact = 2 * binom.cdf(np.minimum(gained, lost), gained + lost, 0.5) < 1 - given.level
        saved = 1 - stops.mean() / given.trials
        print(
            f"{uplift:6.0f} {discordant:10.0%} | {decided.mean():7.1%} {stops.mean():6.0f} {saved:6.0%} "
            f"| {exact[:, -1].mean():18.1%} {exact.any(1).mean():17.1%}"
        )


if __name__ == "__main__":
    main()
