"""What interim looks have saved: trials that ran against those planned, and when each comparison stopped."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from runtime.bound.cell import Cell, Domain
from runtime.bound.sequential import InterimPlace, Schedule

FIELDS = ("location", "task", "domain")


def stopped_early(
    table: pa.Table,
    cells: Sequence[Cell],
    schedules: Mapping[Domain, Schedule],
    looks: Sequence[InterimPlace],
    found: Sequence[Mapping[str, Any]],
) -> dict[str, Any] | None:
    """The sequential part of the evidence, or None where every cell ran all that was planned at once.

    Args:
        table: all trials, as `runtime.stats.table.table.join` makes it.
        cells: the study's own cells.
        schedules: domain -> when its cells were looked at.
        looks: what each interim look stands for.
        found: their results, aligned.
    """
    if not schedules:
        return None
    counts = _counts(table)
    domains = []
    planned_in_all = ran_in_all = 0
    for domain, schedule in schedules.items():
        mine = [cell for cell in cells if cell.domain == domain]
        ran = sum(counts[c.approach, c.location, c.task, c.seed, c.domain] for c in mine)
        planned = schedule.trials * len(mine)
        planned_in_all, ran_in_all = planned_in_all + planned, ran_in_all + ran
        domains.append({"domain": domain, **schedule.model_dump(), "planned": planned, "ran": ran, "saved": planned - ran})
    comparisons: dict[tuple[str, ...], dict[str, Any]] = {}
    for place, one in sorted(zip(looks, found, strict=True), key=lambda pair: pair[0].look):
        for row in one["comparisons"]:
            key = (row["approach"], place.location, place.task, place.domain)
            known = comparisons.get(key)
            if known is None or known["stopped_at"] is None:  # from the first look that stops it, nothing changes
                comparisons[key] = {
                    "approach": row["approach"],
                    "location": place.location,
                    "task": place.task,
                    "domain": place.domain,
                    "states": row["states"],
                    "value": row["value"],
                    "band": row["band"],
                    "stopped_at": place.look if row["stopped"] else None,
                }
    rows = list(comparisons.values())
    return {
        "domains": domains,
        "comparisons": rows,
        "stopped": sum(row["stopped_at"] is not None for row in rows),
        "saved": planned_in_all - ran_in_all,
        "planned": planned_in_all,
    }


def _counts(table: pa.Table) -> Counter[tuple[Any, ...]]:
    names = ("approach", "location", "task", "seed", "domain")
    return Counter(zip(*(table[name].to_pylist() for name in names), strict=True))
