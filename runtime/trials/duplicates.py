"""The same outcomes under two names: found by the chance that two cells agree that far by accident."""

from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from math import lgamma, log

import pyarrow as pa

from runtime.stats.table.table import rows
from runtime.trials.values import COUNTED

CHANCE = 1e-6
"""Two cells are the same trials when they would agree less often than this by accident, over all that are compared."""
_SHORTEST = 16
"""Fewer outcomes can never be evidence enough."""


@dataclass(frozen=True)
class Duplicate:
    """Two stretches of the same outcomes in the same order. `chance` bounds that of such agreement by accident."""

    first: str
    second: str
    at: tuple[str, int]
    """File and row of the first of them."""
    trials: int
    chance: float


@dataclass(frozen=True)
class Outcomes:
    """Successes in the order of their file: of one approach in one place, over all its seeds or (a `part`) for one."""

    label: str
    part: bool
    arm: tuple
    successes: tuple[bool, ...]
    at: tuple[str, int]


def outcomes_of(name: str, table: pa.Table) -> list[Outcomes]:
    """Outcomes of every approach in every place of a set of trials, over all seeds and seed by seed; not of those counted."""
    arms: dict[tuple, list[bool]] = defaultdict(list)
    parts: dict[tuple, list[bool]] = defaultdict(list)
    begin: dict[tuple, tuple[str, int]] = {}
    names = ("approach", "location", "task", "domain", "seed", "success", "source_file", "source_row", "initial_state")
    for *arm, seed, success, file, row, state in rows(table, *names):
        if state.startswith(COUNTED):
            continue
        for key, own in ((tuple(arm), arms), ((*arm, seed), parts)):
            own[key].append(success)
            begin.setdefault(key, (file, row))
    whole = [Outcomes(f"{name}: {_label(arm)}", False, (name, *arm), tuple(own), begin[arm]) for arm, own in arms.items()]
    single = [
        Outcomes(f"{name}: {_label(key[:4])}, seed {key[4]}", True, (name, *key[:4]), tuple(own), begin[key])
        for key, own in parts.items()
        if len(own) < len(arms[key[:4]])
    ]
    return [o for o in whole + single if len(o.successes) >= _SHORTEST]


def duplicates(fresh: Sequence[Outcomes], known: Sequence[Outcomes]) -> list[Duplicate]:
    """What of `fresh` repeats something of `known`, or of itself.

    Trials imported again with more at their end are found too: the shorter list decides. Agreement where nothing ever
    differed (all succeeded, say) is no evidence and is let pass. A seed is not told when its whole approach is.
    """
    compared = max(1, len(fresh) * (len(known) + len(fresh)))
    buckets: dict[Hashable, list[Outcomes]] = defaultdict(list)
    for outcomes in known:
        buckets[outcomes.part, outcomes.successes[:_SHORTEST]].append(outcomes)
    found: list[Duplicate] = []
    told: set[tuple] = set()
    for outcomes in fresh:
        bucket = buckets[outcomes.part, outcomes.successes[:_SHORTEST]]
        for other in bucket:
            shared = min(len(outcomes.successes), len(other.successes))
            if outcomes.arm in told or outcomes.successes[:shared] != other.successes[:shared]:
                continue
            chance = min(1.0, agreement_by_chance(outcomes.successes[:shared]) * compared)
            if chance < CHANCE:
                found.append(Duplicate(outcomes.label, other.label, outcomes.at, shared, chance))
                told |= set() if outcomes.part else {outcomes.arm}
                break
        bucket.append(outcomes)
    return found


def agreement_by_chance(successes: Sequence[bool]) -> float:
    """Chance that a second list with as many successes has them in this very order, if order were chance.

    One over the binomial coefficient. Initial states that are hard for everybody raise the true chance, which is why
    `CHANCE` is small.
    """
    total = lgamma(len(successes) + 1) - sum(lgamma(n + 1) for n in Counter(successes).values())
    return 0.0 if total > 690 else 10 ** (-total / log(10))


def _label(arm: tuple) -> str:
    approach, location, task, domain = arm
    return f"`{approach}` at `{location}`, task `{task}`, `{domain}`"
