"""Do the factors that are said to drive success, times to success and preferences keep their level?

    python -m benchmarks.causes [--studies 200] [--level 0.95]

Drivers: studies of 2 or 5 policies from 40 or 100 initial states, half of them hard for a reason that no factor names, with 10
factors of which none matters: how often any is named. Then one that moves success by 40 points from end to end: how often it is.
Times: two approaches without a difference, 3 or 5 runs, with and without a fifth of trials cut short: how often the band leaves
out zero. Preferences: 4 approaches, 30 or 120 comparisons of each pair, a fifth of them ties: how often all bands hold at once.
"""

import argparse
import itertools
import json
import time

import numpy as np
import pyarrow as pa

from runtime.stats.causes.drivers import drivers
from runtime.stats.causes.duration import CUT_SHORT, times
from runtime.stats.ranking.preferences import Compared, preferences

FACTORS = 10


def trials(won: np.ndarray, steps: np.ndarray, cut: np.ndarray, factors: list[str], approach: str) -> list[dict]:
    """Rows of trials [seeds, states] of one approach at one place."""
    return [
        {
            **dict.fromkeys(("location", "task", "protocol"), "here"),
            "approach": approach,
            "domain": "twin",
            "seed": s,
            "initial_state": str(i),
            "success": bool(won[s, i]),
            "score": float(won[s, i]),
            "failure_mode": "" if won[s, i] else CUT_SHORT if cut[s, i] else "missed",
            "steps": int(steps[s, i]),
            "factors": factors[i] if factors else None,
        }
        for s, i in np.ndindex(won.shape)
    ]


def named(rng: np.random.Generator, seeds: int, states: int, slope: float, level: float) -> tuple[bool, bool]:
    """Whether any factor that does nothing is named, and whether the first one is."""
    values = rng.random((states, FACTORS))
    chance = np.where(rng.random(states) < 0.5, 0.2, 0.8) * (1 - slope) + slope * values[:, 0]
    won = rng.random((seeds, states)) < chance
    cells = [json.dumps({f"f{k}_m": float(v) for k, v in enumerate(row)}) for row in values]
    rows = trials(won, np.ones(won.shape), np.zeros(won.shape, bool), cells, "mine")
    said = {row["factor"] for row in drivers(pa.Table.from_pylist(rows), level)[0] if row["drives"]}
    return bool(said - ({"f0_m"} if slope else set())), "f0_m" in said


def apart(rng: np.random.Generator, runs: int, share: float, level: float) -> bool:
    """Whether two approaches without a difference are told apart by their time to success."""
    rows, ease = [], rng.normal(0, 8, 40)
    for approach in ("baseline", "mine"):
        speed = rng.normal(40, 6, (runs, 1)) + ease + rng.normal(0, 10, (runs, 40))
        cut = (rng.random((runs, 40)) < share) & (speed > 10)
        won = (speed < 60) & ~cut
        steps = np.where(cut, rng.uniform(5, np.minimum(speed, 60).clip(6)), np.where(won, speed.clip(1), 60))
        rows += trials(won, steps, cut, [], approach)
    (found,) = times(pa.Table.from_pylist(rows), ["baseline", "mine"], "baseline", level, {("twin", "here"): (10.0, 60.0)})
    saved = found["rows"][1]["saved"]
    return saved is not None and saved["direction"] != "undecided"


def held(rng: np.random.Generator, each: int, level: float) -> bool:
    """Whether the bands of all pairs hold the true chances."""
    strength = dict(zip("abcd", np.log([1.0, 1.5, 1.5, 4.0]), strict=True))
    found = []
    for one, other in itertools.combinations("abcd", 2):
        weights = np.exp([strength[one], strength[other], (strength[one] + strength[other]) / 2 - 0.7])
        for kind in rng.choice(3, each, p=weights / weights.sum()):
            found.append(Compared(one, other, (1, -1, 0)[kind]))
    said = preferences(found, level)["pairs"]
    true = [100 / (1 + np.exp(strength[p["second"]] - strength[p["first"]])) for p in said]
    return all(p["band"][0] <= want <= p["band"][1] for p, want in zip(said, true, strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=200)
    parser.add_argument("--level", type=float, default=0.95)
    parser.add_argument("--seed", type=int, default=20261129)
    given = parser.parse_args()
    start, rng, n = time.process_time(), np.random.default_rng(given.seed), given.studies
    for seeds, states in itertools.product((2, 5), (40, 100)):
        none = np.mean([named(rng, seeds, states, 0.0, given.level)[0] for _ in range(n)])
        other, one = np.mean([named(rng, seeds, states, 0.4, given.level) for _ in range(n)], axis=0)
        said = (
            f"any of {FACTORS} that do nothing named {none:.1%}; one of 40 points named {one:.0%}, another beside it {other:.1%}"
        )
        print(f"drivers, {seeds} policies, {states:3} states: {said}", flush=True)
    for runs, share in itertools.product((3, 5), (0.0, 0.2)):
        told = np.mean([apart(rng, runs, share, given.level) for _ in range(n // 2)])
        print(f"times, {runs} runs, {share:.0%} cut short: told apart {told:.1%}", flush=True)
    for each in (30, 120):
        kept = np.mean([held(rng, each, given.level) for _ in range(n // 2)])
        print(f"preferences, {each} comparisons a pair: all bands hold {kept:.1%}", flush=True)
    print(f"{n} studies a row (half of it for times and preferences), {time.process_time() - start:.0f} CPU-s")


if __name__ == "__main__":
    main()
