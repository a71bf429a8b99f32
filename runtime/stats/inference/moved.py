"""Two studies' results against each other: which numbers moved beyond their bands.

The difference of two numbers with bands of their own has the band of Zou and Donner (2008), which needs no more than the ends of
both, and is too wide where the studies share trials. Many numbers are compared, so each has a second band that holds at once with
all others (Bonferroni, by the number's own degrees of freedom); only what lies beyond that one has moved.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

from scipy import stats

from runtime.report.forms.evidence import Evidence
from runtime.stats.band import Band

Way = Literal["moved", "perhaps", "within", "same", "unknown"]
KEY = ("approach", "domain", "location", "task")


class Moved(NamedTuple):
    """One number of both studies, points. `band` is of the difference, at once with all others."""

    measure: str
    approach: str
    domain: str
    location: str | None
    task: str | None
    before: float
    after: float
    band: Band
    way: Way


def moved(before: Evidence, after: Evidence) -> list[Moved]:
    """Every number that both studies have: success rates, uplift and uplift of the score; what moved most surely comes first.

    Raises:
        ValueError: when their bands have different levels.
    """
    if before["level"] != after["level"]:
        raise ValueError(f"bands of one have a level of {before['level']:g}, of the other {after['level']:g}")
    pairs = list(_pairs(before, after))
    told = sum(row["degrees"] > 0 and other["degrees"] > 0 for _, row, other in pairs)
    found = [_compared(measure, row, other, before["level"], max(told, 1)) for measure, row, other in pairs]
    order = ("moved", "perhaps", "within", "unknown", "same")
    return sorted(found, key=lambda one: (order.index(one.way), one.location is not None))


def _pairs(before: Evidence, after: Evidence) -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
    tables: dict[str, tuple[Any, Any]] = {
        "success": (before["rates"], after["rates"]),
        "uplift": (before["uplift"], after["uplift"]),
        "uplift of the score": (before["scores"], after["scores"]),
    }
    for measure, (old, new) in tables.items():
        there = {tuple(row.get(name) for name in KEY): row for row in old}
        for row in new:
            other = there.get(tuple(row.get(name) for name in KEY))
            if other is not None:
                yield measure, other, row


def _compared(measure: str, old: Mapping[str, Any], new: Mapping[str, Any], level: float, count: int) -> Moved:
    difference = new["value"] - old["value"]
    alone, together = (_band(old, new, level, n) for n in (1, count))
    way: Way = "within"
    if (old["value"], list(old["band"])) == (new["value"], list(new["band"])):
        way = "same"
    elif not (old["degrees"] > 0 and new["degrees"] > 0):
        way = "unknown"
    elif not together.contains(0.0):
        way = "moved"
    elif not alone.contains(0.0):
        way = "perhaps"
    assert abs(difference) <= 200, "points"
    return Moved(measure, *(new.get(name) for name in KEY), old["value"], new["value"], together, way)  # ty: ignore[invalid-argument-type]


def _band(old: Mapping[str, Any], new: Mapping[str, Any], level: float, count: int) -> Band:
    """Of `new` less `old`: each end is as far away as both studies' ends to that side make it (MOVER)."""
    ends = []
    for row in (old, new):
        wider = 1.0
        if count > 1 and row["degrees"] > 0:
            alone, together = (stats.t.ppf(1 - (1 - level) / 2 / n, row["degrees"]) for n in (1, count))
            wider = float(together / alone)
        ends.append((wider * (row["value"] - row["band"][0]), wider * (row["band"][1] - row["value"])))
    (old_down, old_up), (new_down, new_up) = ends
    difference = new["value"] - old["value"]
    return Band(difference - (new_down**2 + old_up**2) ** 0.5, difference + (new_up**2 + old_down**2) ** 0.5)
