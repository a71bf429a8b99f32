"""How the trials of a set pair: what is unequal or unpaired is told, never hidden."""

from collections import defaultdict
from itertools import combinations

import pyarrow as pa

from runtime.stats.table.table import KEY, rows


def twice(table: pa.Table) -> list[tuple[tuple, list[tuple[str, int]]]]:
    """Trials that come more than once: approach, location, task, seed, domain, state, and where they stand."""
    found: dict[tuple, list[tuple[str, int]]] = defaultdict(list)
    for *key, file, row in rows(table, *KEY, "source_file", "source_row"):
        found[tuple(key)].append((file, row))
    return [(key, places) for key, places in found.items() if len(places) > 1]


def pairing_notes(table: pa.Table) -> list[str]:
    """What people must know about approaches that met different initial states, seeds or places."""
    states: dict[tuple, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for approach, location, task, seed, domain, state in rows(table, *KEY):
        states[location, task, seed, domain][approach].add(state)
    approaches = sorted(set(table["approach"].to_pylist()))
    if len(approaches) < 2:
        return [f"only one approach (`{approach}`): nothing to compare within this set" for approach in approaches]
    lacking: dict[str, int] = defaultdict(int)
    unequal, overlapping, unpaired = [], [], []
    for (location, task, seed, domain), found in sorted(states.items()):
        place = f"`{location}`, `{task}`, seed {seed}, `{domain}`"
        for approach in approaches:
            lacking[approach] += approach not in found
        if len(found) < 2:
            continue
        common = set.intersection(*found.values())
        if not common:
            unpaired.append(place)
        elif any(s != common for s in found.values()):
            counts = ", ".join(f"`{a}` {len(s)}" for a, s in sorted(found.items()))
            said = f"{place}: {counts}, {len(common)} in common"
            (unequal if _nested(list(found.values())) else overlapping).append(said)
    notes = [f"`{a}` has no trials in {n} of {len(states)} places and seeds" for a, n in lacking.items() if n]
    if unpaired:
        notes.append(f"no initial state in common, compared unpaired: {_some(unpaired)}")
    if unequal:
        notes.append(f"unequal sets, compared over the initial states that both sides ran: {_some(unequal)}")
    if overlapping:
        notes.append(f"sets of initial states that overlap in part, compared unpaired: {_some(overlapping)}")
    return notes


def _nested(sets: list[set[str]]) -> bool:
    """Whether of any two one holds the other, as when one side stopped early: see `runtime.stats.inference.group`."""
    return all(a <= b or b <= a for a, b in combinations(sets, 2))


def _some(items: list[str], most: int = 3) -> str:
    more = f" and {len(items) - most} more" if len(items) > most else ""
    return "; ".join(items[:most]) + more
