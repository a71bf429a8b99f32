"""Do bands keep their level where sides have other numbers of seeds, and where policies are fixed?

    python -m benchmarks.shapes [--studies 500] [--reference]

Rates of 50 to 95 %, 40 initial states that matter; level 95 %. *Unequal*: 10 points between seeds, the baseline with more of them
than the approach; the width is also given over that of the band of as many seeds as both have. *Fixed*: one policy a side,
every initial state repeated, of which some suit one policy and some the other; the truth is over further states, and
repetitions taken as independent are beside. *Reference*: two places of 3 seeds; the placebo's runs count as the baseline's, or
the baseline has more seeds. What a study sees four times in five is the uplift that lifts that share of lower ends above zero.
"""

import argparse
import time
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from benchmarks.coverage_studies import Truth, rate_law
from runtime.bound.domain import Domain
from runtime.stats.band import Band
from runtime.stats.inference.estimate import estimate
from runtime.stats.inference.group import Group, Outcomes, fixed_group, uplift_group
from runtime.stats.inference.uplift import uplifts
from runtime.stats.table.outcomes import Runs, Trials

STATES = 40
POINTS = (-100.0, 100.0)
UNEQUAL = ((3, 10), (3, 5), (2, 6), (5, 10))
"""Seeds of the approach and of the baseline."""
SIDES = {"baseline alone": (3, 0), "baseline and placebo": (3, 3), "baseline of 6 seeds": (6, 0)}
"""Seeds of the baseline and of a placebo that counts as it."""
REPEATS = (1, 4, 10)
RATES = ((0.5, 0.5), (0.5, 0.65), (0.85, 0.95))


@dataclass(frozen=True)
class Found:
    """Share of studies whose band holds the truth, its mean width, and the same of the other band."""

    coverage: float
    width: float
    other_coverage: float
    other_width: float


def unequal(rng: np.random.Generator, rates: tuple[float, float], seeds: tuple[int, int], count: int) -> Found:
    """All runs against those of seed indices that both have."""
    truth = Truth(*rates, spread=10.0)
    found = []
    for _ in range(count):
        easier = rng.standard_normal(STATES)
        sides = []
        for rate, many in zip(reversed(rates), seeds, strict=True):
            level = rng.beta(*rate_law(rate, truth.spread), size=(many, 1)).clip(1e-9, 1 - 1e-9)
            sides.append(_runs(rng.random((many, STATES)) < expit(np.log(level / (1 - level)) + easier)))
        groups = (uplift_group(sides[0], sides[1], all_runs=all_runs) for all_runs in (True, False))
        found.append([x for group in groups for x in _hit(_band(group), truth.uplift)])
    return Found(*np.mean(found, 0))


def fixed(rng: np.random.Generator, rates: tuple[float, float], repeats: int, count: int) -> Found:
    """States as clusters of their repetitions, against repetitions as if each were a state of its own."""
    truth = Truth(*rates, spread=0.0, state_spread=2.0)
    found = []
    for _ in range(count):
        common = 1.2 * rng.standard_normal(STATES)
        ours, theirs = (
            _runs(rng.random((repeats, STATES)) < expit(np.log(rate / (1 - rate)) + common + 1.6 * rng.standard_normal(STATES)))
            for rate in reversed(rates)
        )
        apart = [{0: {f"{s} {state}": v for s, run in side.items() for state, v in run.items()}} for side in (ours, theirs)]
        groups = fixed_group(ours, theirs, (True, True)), fixed_group(apart[0], apart[1], (True, True))
        found.append([x for group in groups for x in _hit(_band(group), truth.uplift)])
    return Found(*np.mean(found, 0))


def reference(rng: np.random.Generator, spread: float, sides: tuple[int, int], count: int, fault: float = 0.0) -> np.ndarray:
    """Of studies at two places without uplift [S, 4]: whether the band covers, its width, its lower end, and whether the placebo,
    which is `fault` points worse than the baseline in truth, came out apart."""
    seeds = {"a": 3, "base": sides[0], "placebo": sides[1]}
    found = []
    for _ in range(count):
        outcomes: dict[tuple[str, Domain], Runs] = {(name, "twin"): {} for name, many in seeds.items() if many}
        for location in ("x", "y"):
            easier = rng.standard_normal(STATES)
            for name, _ in outcomes:
                law = rate_law(0.5 - fault / 100 * (name == "placebo"), spread)
                level = rng.beta(*law, size=(seeds[name], 1)).clip(1e-9, 1 - 1e-9)
                won = rng.random((seeds[name], STATES)) < expit(np.log(level / (1 - level)) + easier)
                outcomes[name, "twin"][location, "pick"] = {s: dict(run) for s, run in _runs(won).items()}
        trials = Trials(outcomes, placebos={"base": ["placebo"]} if sides[1] else {})
        row = {r.approach: r for r in uplifts(trials, "base", 0.95) if r.location is None}
        band = row["a"].estimate.band
        moved = "placebo" in row and row["placebo"].direction != "undecided"
        found.append((band.low <= 0 <= band.high, band.width, band.low, moved))
    return np.array(found, dtype=float)


def _runs(outcomes: np.ndarray) -> dict[int, Outcomes]:
    return {s: {str(i): float(won) for i, won in enumerate(run)} for s, run in enumerate(outcomes)}


def _band(group: Group) -> Band:
    return estimate([group], 0.95, POINTS).band


def _hit(band: Band, truth: float) -> tuple[bool, float]:
    return band.low - 1e-9 <= truth <= band.high + 1e-9, band.width


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=500)
    parser.add_argument("--reference", action="store_true", help="nothing but baseline and placebo as one reference")
    given = parser.parse_args()
    start, rng = time.process_time(), np.random.default_rng(20261129)
    for rates in () if given.reference else RATES:
        for seeds in UNEQUAL:
            f = unequal(rng, rates, seeds, given.studies)
            told = f"{f.coverage:.1%} covered, {f.width / f.other_width:.2f} of the width (common seeds {f.other_coverage:.1%})"
            print(f"{seeds[0]} seeds against {seeds[1]:2}, rates {rates}: {told}")
        for repeats in REPEATS:
            f = fixed(rng, rates, repeats, given.studies)
            told = f"{f.coverage:.1%} covered, width {f.width:.1f} (as states {f.other_coverage:.1%}, {f.other_width:.1f})"
            print(f"fixed policies, {repeats:2} repetitions, rates {rates}: {told}")
    for spread in (5.0, 10.0, 20.0):
        for name, sides in SIDES.items():
            found = reference(rng, spread, sides, given.studies)
            told = f"{found[:, 0].mean():.1%} covered, width {found[:, 1].mean():.1f}"
            seen = np.quantile(-found[:, 2], 0.8)
            print(f"{name}, {spread:.0f} points between seeds: {told}, sees {seen:.1f} points")
    for fault in (0.0, 20.0):
        found = reference(rng, 10.0, (3, 3), 2 * given.studies, fault)
        apart = found[found[:, 3] > 0]
        covered, every = apart[:, 0].mean(), found[:, 0].mean()
        told = f"came out apart in {len(apart) / len(found):.1%}, where {covered:.1%} of bands cover; {every:.1%} of all"
        print(f"placebo {fault:.0f} points worse than the baseline: {told}")
    print(f"{given.studies} studies a row, {time.process_time() - start:.0f} CPU-s")


if __name__ == "__main__":
    main()
