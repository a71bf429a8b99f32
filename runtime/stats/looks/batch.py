"""Which initial states a batch of trials holds."""

import json
from pathlib import Path

from runtime.bound.sequential import Schedule
from runtime.stats.looks.look import cuts


def batch(trials: int, schedule: Schedule | None, look: int, arm: str, before: Path | None) -> tuple[int, int]:
    """First initial state of a batch, and the one after its last: equal where it holds none.

    Args:
        trials: planned trials of the cell.
        schedule: when they are looked at; None runs all at once.
        look: which batch, from 1.
        arm: id of the approach.
        before: the interim look before this batch; None for the first.
    """
    if schedule is None:
        return 0, trials
    if before is None:
        return 0, cuts(schedule.trials, schedule.looks)[look - 1]
    said = json.loads((before / "interim.json").read_text())
    return said["done"][arm], said["upto"][arm]
