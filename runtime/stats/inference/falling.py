"""Trials where a factor has a value, and how far an uplift falls from one value of a factor to another.

The fall of the uplift of A over B from `first` to `then` is (A first - B first) - (A then - B then). It is twice the uplift of
one side, whose outcome is the mean of A at first and B then, over another, of B at first and A then: the same inference, with the
same training runs paired, as for any uplift.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace

from runtime.bound.domain import Domain
from runtime.stats.band import Band
from runtime.stats.inference.uplift import Uplift, comparable, uplift_of
from runtime.stats.table.factors import Value, unpacked
from runtime.stats.table.outcomes import Place, Runs, Trials

SIDES = ("first of the one, then of the other", "first of the other, then of the one")


def with_factors(trials: Trials, wanted: Mapping[str, Value]) -> Trials:
    """The trials whose factors have these values; all where none are wanted."""
    if not wanted:
        return trials
    kept: dict[tuple[str, Domain], Runs] = {}
    for (approach, domain), places in trials.outcomes.items():
        for place, runs in places.items():
            known = trials.factors.get((domain, place), {})
            states = {s for s, cell in known.items() if all(unpacked(cell).get(n) == v for n, v in wanted.items())}
            cut = {seed: {s: v for s, v in of.items() if s in states} for seed, of in runs.items()}
            if any(cut.values()):
                kept.setdefault((approach, domain), {})[place] = {seed: of for seed, of in cut.items() if of}
    return replace(trials, outcomes=kept, failures={}, known={})


def lacks(trials: Trials, domain: Domain, place: Place, names: Collection[str]) -> bool:
    """Whether trials ran at a place and none has all of these factors: what is asked of them has no meaning there."""
    cells = set(trials.factors.get((domain, place), {}).values())
    return bool(names) and not any(set(names) <= unpacked(cell).keys() for cell in cells)


def fall_of(
    trials: Trials, sides: tuple[str, str], domain: Domain, along: str, values: tuple[Value, Value], level: float
) -> tuple[Uplift | None, list[Place]]:
    """How far the uplift of one approach over another falls between two values of a factor, in points (at most 200), and where
    both were tried at both. Trials of the two values pair in the order of their states."""
    at = [with_factors(trials, {along: value}) for value in values]
    mixed: dict[tuple[str, Domain], Runs] = {}
    for name, (a, b) in zip(SIDES, (sides, sides[::-1]), strict=True):
        early, late = at[0].places(a, domain), at[1].places(b, domain)
        mixed[name, domain] = {
            place: runs
            for place in early.keys() & late.keys()
            if (runs := {seed: _mean(early[place][seed], late[place][seed]) for seed in early[place].keys() & late[place].keys()})
        }
    both = Trials(mixed, {}, trials.pairing)
    places = comparable(both, *SIDES, domain)
    found = uplift_of(both, *SIDES, domain, places, level)
    return (None if found is None else _twice(found)), places


def _mean(early: Mapping[str, float], late: Mapping[str, float]) -> dict[str, float]:
    """Mean outcome of states paired in order, by the first one's name."""
    pairs = zip(*(sorted(of, key=lambda s: (len(s), s)) for of in (early, late)), strict=False)
    return {a: (early[a] + late[b]) / 2 for a, b in pairs}


def _twice(found: Uplift) -> Uplift:
    one = found.estimate
    errors = {n: 2 * getattr(one, n) for n in ("value", "standard_error", "seed_error", "luck_error", "state_error")}
    return replace(found, estimate=replace(one, band=Band(2 * one.band.low, 2 * one.band.high), **errors))
