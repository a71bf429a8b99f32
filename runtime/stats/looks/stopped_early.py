"""What interim looks have saved: trials that ran against those planned, and when each comparison stopped."""

from collections import Counter
from collections.abc import Mapping, Sequence

import pyarrow as pa

from runtime.bound.cell import Cell
from runtime.bound.domain import Domain
from runtime.bound.sequential import InterimPlace, Schedule
from runtime.report.forms.looks import Look, Looked, Sequential, Settled
from runtime.stats.table.table import KEY, rows


def stopped_early(
    table: pa.Table,
    cells: Sequence[Cell],
    schedules: Mapping[Domain, Schedule],
    places: Sequence[InterimPlace],
    looks: Sequence[Look],
) -> Sequential | None:
    """The sequential part of the evidence, or None where every cell ran all that was planned at once.

    Args:
        table: all trials, as `runtime.stats.table.table.join` makes it.
        cells: the study's own cells.
        schedules: domain -> when its cells were looked at.
        places: what each interim look stands for.
        looks: what each found, aligned.
    """
    if not schedules:
        return None
    counts = Counter(rows(table, *KEY[:-1]))
    domains: list[Looked] = []
    for domain, schedule in schedules.items():
        mine = [cell for cell in cells if cell.domain == domain]
        ran = sum(counts[c.approach, c.location, c.task, c.seed, c.domain] for c in mine)
        planned = schedule.trials * len(mine)
        domains.append(
            {
                "domain": domain,
                "trials": schedule.trials,
                "looks": schedule.looks,
                "most": schedule.most,
                "level": schedule.level,
                "planned": planned,
                "ran": ran,
                "saved": planned - ran,
            }
        )
    settled: dict[tuple[str, ...], Settled] = {}
    for place, one in sorted(zip(places, looks, strict=True), key=lambda pair: pair[0].look):
        for row in one["comparisons"]:
            key = (row["approach"], place.location, place.task, place.domain)
            if key in settled and settled[key]["stopped_at"] is not None:
                continue  # from the first look that stops it, nothing changes
            settled[key] = {
                "approach": row["approach"],
                "location": place.location,
                "task": place.task,
                "domain": place.domain,
                "states": row["states"],
                "value": row["value"],
                "band": row["band"],
                "stopped_at": place.look if row["stopped"] else None,
            }
    return {
        "domains": domains,
        "comparisons": list(settled.values()),
        "stopped": sum(row["stopped_at"] is not None for row in settled.values()),
        "saved": sum(row["saved"] for row in domains),
        "planned": sum(row["planned"] for row in domains),
    }
