"""Does a domain reproduce: the share of trials that ended differently when run twice, with an exact bound.

Pairing rests on it. Where the same policy from the same initial state ends differently each time, pairs do no harm to
an estimate, but they gain nothing, and calling them paired says more than is so.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pyarrow as pa
from scipy.stats import binomtest

from runtime.problem import InputError, Problem
from runtime.stats.band import Band
from runtime.stats.status import Status
from runtime.stats.table.table import KEY, rows


@dataclass(frozen=True)
class Disagreement:
    """Trials of one domain run twice. `rate` and `band` (Clopper and Pearson) are in points."""

    domain: str
    trials: int
    differing: int
    band: Band
    level: float

    @property
    def rate(self) -> float:
        """Share of trials whose success differed."""
        return 100 * self.differing / self.trials

    @property
    def measured(self) -> str:
        """The counts, the rate and its band in words."""
        counted = f"{self.differing} of {self.trials} trials run twice ended differently"
        return f"{counted}: {self.rate:.1f} points [{self.band.low:.1f}, {self.band.high:.1f}]"

    def refusal(self, at_most: float) -> str:
        """What is to be said where the whole band lies above what is put up with."""
        return f"`{self.domain}` does not reproduce: {self.measured}, at most {at_most:g} are put up with"

    def doubt(self, at_most: float) -> str:
        """What is to be said where the band does not decide."""
        return f"whether `{self.domain}` reproduces is undecided: {self.measured}, at most {at_most:g} wanted"

    def reproduces(self, at_most: float) -> Status:
        """Passed when the whole band is at or below `at_most` points, failed when it is above, else undecided."""
        if self.band.high <= at_most:
            return Status.PASSED
        return Status.FAILED if self.band.low > at_most else Status.UNDECIDED


def disagreements(first: pa.Table, second: pa.Table, level: float = 0.95) -> list[Disagreement]:
    """Disagreement of every domain in which trials were run twice.

    Args:
        first: a table of trials, as `runtime.stats.table.table.join` makes it.
        second: the same trials again; those that only one table holds are passed over.
        level: confidence level of the exact band.

    Raises:
        ValueError: when a table names a trial twice.
    """
    return [disagreement(domain, *counts, level) for (domain,), counts in sorted(tally(first, second, "domain").items())]


def tally(first: pa.Table, second: pa.Table, *by: str) -> dict[tuple[str, ...], tuple[int, int]]:
    """Values of these columns of `KEY` -> how many trials both tables hold, and how many of them ended differently.

    Raises:
        ValueError: when a table names a trial twice.
    """
    once, again = _successes(first), _successes(second)
    found: dict[tuple[str, ...], tuple[int, int]] = {}
    for key in once.keys() & again.keys():
        group = tuple(key[KEY.index(name)] for name in by)
        trials, differing = found.get(group, (0, 0))
        found[group] = trials + 1, differing + (once[key] != again[key])
    return found


def disagreement(domain: str, trials: int, differing: int, level: float = 0.95) -> Disagreement:
    """From counts.

    Raises:
        ValueError: when they are no counts.
    """
    interval = binomtest(differing, trials).proportion_ci(confidence_level=level, method="exact")
    return Disagreement(domain, trials, differing, Band(100 * interval.low, 100 * interval.high), level)


def refuse_unreproducible(found: Iterable[Disagreement], at_most: Mapping[str, float] | float) -> list[str]:
    """Refuse to pair trials of domains that are shown not to reproduce.

    Args:
        found: what was measured.
        at_most: the highest disagreement in points that is put up with, for all domains or by domain.

    Returns:
        Notes on domains for which too few trials were run twice to tell.

    Raises:
        InputError: X428 for each domain whose whole band lies above the stated rate.
    """
    problems, notes = [], []
    for one in found:
        limit = at_most if isinstance(at_most, int | float) else at_most.get(one.domain)
        if limit is None:
            continue
        match one.reproduces(limit):
            case Status.FAILED:
                problems.append(Problem("X428", one.refusal(limit), "compare unpaired, or raise the stated rate", "trials"))
            case Status.UNDECIDED:
                notes.append(one.doubt(limit))
    if problems:
        raise InputError(*problems)
    return notes


def _successes(table: pa.Table) -> dict[tuple, bool]:
    keys = list(rows(table, *KEY))
    found = dict(zip(keys, table["success"].to_pylist(), strict=True))
    if len(found) < len(keys):
        raise ValueError(f"{len(keys) - len(found)} trials come twice in one table")
    return found
