"""Do bands of the uplift keep their level? Ours beside those in common use, on simulated studies with known truth.

    python -m benchmarks.coverage [--studies 4000] [--level 0.95] [--quick] [--csv FILE] [--seed-correlation R]

Studies vary in seeds, locations, trials per cell, spread between seeds, base rate, uplift and how much initial states
matter. A cell is *piled up* where the spread between seeds is half or more of what its rate allows: runs then
lie at 0 % or 100 % with a long tail to the other side (5 % with 15 points of spread). Two to five runs seldom see that
tail, so no band of any method knows of it.

Printed: per method and number of seeds, how many cells are covered within 1.5 points of the level, the lowest and the
highest coverage, and the highest false-positive rate of a placebo; and the mean width of our band against the
narrowest calibrated method. Calibrated is what covers at least the level less 1.5 points in every regular cell of the
same seeds, locations and trials: which spread and rate a study has is for nobody to know. (Cell by cell, where seeds do
not differ, pooling episodes is calibrated and far narrower with two seeds: the price of not knowing, printed last.)
"""

import argparse
import csv
import itertools
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.coverage_methods import METHODS, SLOW, Seen
from benchmarks.coverage_studies import Shape, Truth, studies

RATES = ((0.05, 0.05), (0.5, 0.5), (0.95, 0.95), (0.05, 0.5), (0.5, 0.65), (0.85, 0.95))
SPREADS = (0.0, 5.0, 15.0)
STATE_SPREADS = (0.0, 1.0)
SHAPES = tuple(itertools.starmap(Shape, itertools.product((2, 3, 5, 10, 20), (1, 3, 10), (20, 50, 200))))
QUICK = tuple(itertools.starmap(Shape, itertools.product((2, 3, 5), (1, 3), (20, 50))))
TOLERANCE = 0.015
MOST_FALSE = 0.06
"""False positives of a placebo that are put up with at a level of 95 %."""
EPISODES = 8_000_000
"""Episodes of one side and cell beyond which fewer studies are simulated, but never fewer than `LEAST`."""
LEAST = 2_000
RESAMPLED = 400
"""Studies of a cell that the bootstraps see."""


@dataclass(frozen=True)
class Row:
    """One method in one cell: share of studies covered, mean width in points, share of bands that leave out zero."""

    shape: Shape
    truth: Truth
    method: str
    studies: int
    coverage: float
    width: float
    excludes_zero: float

    @property
    def placebo(self) -> bool:
        """Whether there is nothing to find."""
        return self.truth.base == self.truth.treated

    @property
    def piled(self) -> bool:
        """Whether a rate leaves little room for the spread between seeds."""
        room = min((p * (1 - p)) ** 0.5 for p in (self.truth.base, self.truth.treated))
        return self.truth.spread / 100 >= room / 2 - 1e-9


def measure(
    rng: np.random.Generator, truth: Truth, shape: Shape, count: int, level: float, methods: tuple[str, ...]
) -> list[Row]:
    """All methods on the same `count` studies (the bootstraps on the first of them)."""
    uplift = truth.uplift
    found: dict[str, list[np.ndarray]] = defaultdict(list)
    done = 0
    for treated, base in studies(rng, truth, shape, count):
        seen = Seen.of(treated, base)
        for method in methods:
            if method in SLOW:
                left = max(RESAMPLED - done, 0)
                part = Seen(*(x[:left] if isinstance(x, np.ndarray) else x for x in vars(seen).values()))
            else:
                part = seen
            if len(part.treated):
                low, high = METHODS[method](part, level, rng)
                slack = 1e-9  # a band that touches the truth covers it, whatever the last digit
                found[method].append(
                    np.stack([(low <= uplift + slack) & (uplift - slack <= high), high - low, (low > slack) | (high < -slack)])
                )
        done += len(treated)
    rows = []
    for method, parts in found.items():
        all_of_it = np.concatenate(parts, 1)
        rows.append(Row(shape, truth, method, all_of_it.shape[1], *map(float, all_of_it.mean(1))))
    return rows


def again(rng: np.random.Generator, row: Row, count: int, level: float) -> Row:
    """A cell of ours that seems out of bounds, measured once more on fresh studies: the worst of 1,620 cells are partly
    the unluckiest. The second measurement counts, whatever it says."""
    odd = abs(row.coverage - level) > TOLERANCE or (row.placebo and row.excludes_zero > MOST_FALSE)
    if row.method != "ours" or not odd or count <= row.studies:
        return row
    return measure(rng, row.truth, row.shape, count, level, ("ours",))[0]


def summary(rows: list[Row], level: float) -> list[str]:
    """One line per method, kind of cell and number of seeds."""
    lines = [
        f"{'method':18} {'cells':9} {'seeds':>5} {'n':>4} {'within':>6} {'below':>5} {'above':>5} "
        f"{'lowest':>7} {'highest':>7} {'false positives':>15}"
    ]
    seeds = sorted({r.shape.seeds for r in rows})
    for method, piled, k in itertools.product(METHODS, (False, True), (*seeds, None)):
        chosen = [r for r in rows if r.method == method and r.piled == piled and k in (None, r.shape.seeds)]
        if not chosen:
            continue
        covered = np.array([r.coverage for r in chosen])
        below, above = (covered < level - TOLERANCE).sum(), (covered > level + TOLERANCE).sum()
        wrong = max((r.excludes_zero for r in chosen if r.placebo), default=float("nan"))
        lines.append(
            f"{method:18} {'piled up' if piled else 'regular':9} {k or 'all':>5} {len(chosen):4} "
            f"{len(chosen) - below - above:6} {below:5} {above:5} {covered.min():7.1%} {covered.max():7.1%}"
            f" {wrong:15.1%}"
        )
    return lines


def widths(rows: list[Row], level: float) -> list[str]:
    """Per shape of study: our mean width over regular cells against the narrowest calibrated method's."""
    lines = [f"{'seeds':>5} {'loc':>3} {'trials':>6} {'ours':>7} {'narrowest calibrated':>28} {'ratio':>6}"]
    for shape in dict.fromkeys(r.shape for r in rows):
        by_method: dict[str, list[Row]] = defaultdict(list)
        for r in rows:
            if r.shape == shape and not r.piled:
                by_method[r.method].append(r)
        mean = {
            method: float(np.mean([r.width for r in found]))
            for method, found in by_method.items()
            if method == "ours" or min(r.coverage for r in found) >= level - TOLERANCE
        }
        rivals = {m: w for m, w in mean.items() if m != "ours"}
        best = min(rivals, key=rivals.__getitem__) if rivals else None
        shown = f"{best} {rivals[best]:.1f}" if best else "none"
        ratio = f"{mean['ours'] / rivals[best]:6.2f}" if best else "     -"
        lines.append(f"{shape.seeds:5} {shape.locations:3} {shape.trials:6} {mean['ours']:7.1f} {shown:>28} {ratio}")
    return lines


def price(rows: list[Row], level: float) -> list[str]:
    """Our width against the narrowest method that happens to be calibrated in the very cell, by spread and seeds."""
    ratios: dict[tuple[int, float], list[float]] = defaultdict(list)
    by_cell: dict[tuple[Shape, Truth], list[Row]] = defaultdict(list)
    for r in rows:
        by_cell[r.shape, r.truth].append(r)
    for (shape, truth), found in by_cell.items():
        rivals = [r.width for r in found if r.method != "ours" and r.coverage >= level - TOLERANCE]
        if rivals and not found[0].piled:
            mine = next(r.width for r in found if r.method == "ours")
            ratios[shape.seeds, truth.spread].append(mine / min(rivals))
    return [
        f"seeds {seeds:2}, spread {spread:2.0f}: {np.median(found):5.2f} (median of {len(found)} cells), "
        f"{max(found):5.2f} at most"
        for (seeds, spread), found in sorted(ratios.items())
    ]


def outside(rows: list[Row], level: float) -> list[str]:
    """Every cell that our band does not cover within the tolerance."""
    return [
        f"seeds {r.shape.seeds:2} loc {r.shape.locations:2} trials {r.shape.trials:3} spread {r.truth.spread:2.0f} "
        f"rates {r.truth.base:.2f} {r.truth.treated:.2f} states {r.truth.state_spread:.0f}: {r.coverage:.1%}"
        f"{' (piled up)' if r.piled else ''}"
        for r in rows
        if r.method == "ours" and abs(r.coverage - level) > TOLERANCE
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=4000)
    parser.add_argument("--level", type=float, default=0.95)
    parser.add_argument("--seed", type=int, default=20261127)
    parser.add_argument("--quick", action="store_true", help="fewer shapes of study")
    parser.add_argument("--ours", action="store_true", help="no other method")
    parser.add_argument("--csv", type=Path, help="write every row here")
    parser.add_argument("--seed-correlation", type=float, default=0.0, help="luck that runs of one seed index share")
    parser.add_argument(
        "--again",
        type=int,
        default=20_000,
        help="fresh studies for cells of ours that seem outside the tolerance or wrong too often",
    )
    given = parser.parse_args()
    start = time.process_time()
    rng = np.random.Generator(np.random.SFC64(given.seed))
    rows = []
    for shape in QUICK if given.quick else SHAPES:
        each = shape.seeds * shape.locations * shape.trials
        count = min(given.studies, max(LEAST, EPISODES // each))
        for rates, spread, states in itertools.product(RATES, SPREADS, STATE_SPREADS):
            methods = ("ours",) if given.ours else tuple(METHODS)
            rows += measure(rng, Truth(*rates, spread, states, given.seed_correlation), shape, count, given.level, methods)
    rows = [again(rng, r, given.again, given.level) for r in rows]
    if given.csv:
        with given.csv.open("w", newline="") as file:
            table = csv.writer(file)
            table.writerow(
                [
                    "seeds",
                    "locations",
                    "trials",
                    "base",
                    "treated",
                    "spread",
                    "state_spread",
                    "method",
                    "studies",
                    "coverage",
                    "width",
                    "excludes_zero",
                ]
            )
            for r in rows:
                t = r.truth
                table.writerow(
                    [
                        *vars(r.shape).values(),
                        t.base,
                        t.treated,
                        t.spread,
                        t.state_spread,
                        r.method,
                        r.studies,
                        r.coverage,
                        r.width,
                        r.excludes_zero,
                    ]
                )
    print("\n".join(summary(rows, given.level)))
    print("", "cells of ours outside the tolerance:", *outside(rows, given.level), sep="\n")
    if not given.ours:
        print("", "mean width over regular cells:", *widths(rows, given.level), sep="\n")
        print("", "width over that of the narrowest method calibrated in the very cell:", sep="\n")
        print(*price(rows, given.level), sep="\n")
    print(f"{len(rows)} rows, {time.process_time() - start:.0f} CPU-s")


if __name__ == "__main__":
    main()
