"""The same outcomes under two names: found by the chance that two cells agree that far by accident."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import exp, lgamma

import numpy as np
import pyarrow as pa

from runtime.stats.table.table import rows
from runtime.trials.values import COUNTED

CHANCE = 1e-6
"""Two cells are the same trials when they would agree less often than this by accident, over all that are compared."""
CHANGED = 0.01
"""Share of outcomes, but one in any case, that may have been changed by hand."""
_SHORTEST = 16
"""Fewer outcomes can never be evidence enough."""
ORDERS = ("in the same order", "from the end to the beginning", "by seed and initial state")


@dataclass(frozen=True)
class Duplicate:
    """Two stretches of the same outcomes but for `changed` of them, in an `order` of `ORDERS`. `chance` bounds that of such
    agreement by accident."""

    first: str
    second: str
    at: tuple[str, int]
    """File and row of the first of them."""
    trials: int
    chance: float
    order: str
    changed: int


@dataclass(frozen=True)
class Outcomes:
    """Successes of one approach in one place, over all its seeds or (a `part`) for one: in the order of their file, and sorted
    by seed and initial state."""

    label: str
    part: bool
    arm: tuple
    successes: np.ndarray
    by_state: np.ndarray
    at: tuple[str, int]


def outcomes_of(name: str, table: pa.Table) -> list[Outcomes]:
    """Outcomes of every approach in every place of a set of trials, over all seeds and seed by seed; not of those counted."""
    found: dict[tuple, list[tuple]] = defaultdict(list)
    begin: dict[tuple, tuple[str, int]] = {}
    names = ("approach", "location", "task", "domain", "seed", "success", "source_file", "source_row", "initial_state")
    for *arm, seed, success, file, row, state in rows(table, *names):
        if state.startswith(COUNTED):
            continue
        for key in (tuple(arm), (*arm, seed)):
            # Numbers sort as numbers: what was appended comes last.
            found[key].append((seed, len(state), state, success))
            begin.setdefault(key, (file, row))
    listed = []
    for key, own in found.items():
        part = len(key) > 4
        if len(own) >= _SHORTEST and not (part and len(own) == len(found[key[:4]])):
            label = f"{name}: {_label(key[:4])}" + (f", seed {key[4]}" if part else "")
            sides = (np.array([won for *_, won in order]) for order in (own, sorted(own)))
            listed.append(Outcomes(label, part, (name, *key[:4]), *sides, begin[key]))
    return sorted(listed, key=lambda o: o.part)


def duplicates(fresh: Sequence[Outcomes], known: Sequence[Outcomes]) -> list[Duplicate]:
    """What of `fresh` repeats something of `known`, or of itself: in the same order, turned round, or state by state.

    Trials imported again with more at their end are found too: the shorter list decides. Agreement where nothing ever
    differed (all succeeded, say) is no evidence and is let pass. A seed is not told when its whole approach is.
    """
    compared = max(1, len(ORDERS) * len(fresh) * (len(known) + len(fresh)))
    others: dict[tuple[bool, int], list[Outcomes]] = defaultdict(list)
    for outcomes in known:
        others[outcomes.part, len(outcomes.successes)].append(outcomes)
    found: list[Duplicate] = []
    told: set[tuple] = set()
    for outcomes in fresh:
        if outcomes.arm not in told:
            least = min(_repeats(outcomes, others, compared), key=lambda d: d.chance, default=None)
            if least is not None:
                found.append(least)
                told |= set() if outcomes.part else {outcomes.arm}
        others[outcomes.part, len(outcomes.successes)].append(outcomes)
    return found


def _repeats(one: Outcomes, others: dict[tuple[bool, int], list[Outcomes]], compared: int) -> Iterator[Duplicate]:
    for (part, length), same in others.items():
        if part != one.part:
            continue
        shared = min(length, len(one.successes))
        most = max(1, int(CHANGED * shared))
        files, states = (np.stack(side)[:, :shared] for side in ([o.successes for o in same], [o.by_state for o in same]))
        turned = one.successes[::-1][:shared]
        for order, theirs, ours in zip(ORDERS, (files, files, states), (one.successes, turned, one.by_state), strict=True):
            changed = (theirs != ours[:shared]).sum(1)
            for i in np.flatnonzero(changed <= most):
                wins = int(ours[:shared].sum()), int(theirs[i].sum())
                chance = min(1.0, agreement_by_chance(shared, wins, int(changed[i])) * compared)
                if chance < CHANCE:
                    yield Duplicate(one.label, same[i].label, one.at, shared, chance, order, int(changed[i]))


def agreement_by_chance(trials: int, wins: tuple[int, int], changed: int) -> float:
    """Chance that two lists with so many successes differ in at most `changed` of their outcomes, if order were chance.

    The upper tail of the hypergeometric law; of lists that agree throughout, one over the binomial coefficient. Initial
    states that are hard for everybody raise the true chance, which is why `CHANCE` is small.
    """
    least = (sum(wins) - changed + 1) // 2
    terms = range(max(least, sum(wins) - trials, 0), min(wins) + 1)
    log = (_choose(wins[0], x) + _choose(trials - wins[0], wins[1] - x) - _choose(trials, wins[1]) for x in terms)
    return min(1.0, sum(exp(value) for value in log))


def _choose(n: int, k: int) -> float:
    """Logarithm of the binomial coefficient."""
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)


def _label(arm: tuple) -> str:
    approach, location, task, domain = arm
    return f"`{approach}` at `{location}`, task `{task}`, `{domain}`"
