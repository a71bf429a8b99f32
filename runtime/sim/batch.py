"""Batches of trials: which initial states one holds, and its rows."""

import json
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from runtime.sim.trials import Trial
from runtime.spec.sequential import Schedule
from runtime.stats.interim import cuts


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


def trial_table(done: Sequence[Trial], domain: str) -> pa.Table:
    """Rows of judged trials; location, task, approach and seed stay open, since equal cells share an evaluation."""
    n = len(done)
    texts = {"location": [""] * n, "task": [""] * n, "approach": [""] * n, "domain": [domain] * n}
    columns = {
        **{name: pa.array(values, pa.string()) for name, values in texts.items()},
        "seed": pa.nulls(n, pa.int64()),
        "initial_state": pa.array([str(t.initial_state) for t in done], pa.string()),
        "success": pa.array([t.success for t in done], pa.bool_()),
        "score": pa.array([float(t.score) for t in done], pa.float64()),
        "failure_mode": pa.array([t.failure_mode for t in done], pa.string()),
        "steps": pa.array([t.steps for t in done], pa.int64()),
    }
    order = ("location", "task", "approach", "seed", "domain", "initial_state", "success", "score", "failure_mode",
             "steps")  # fmt: skip
    return pa.table({name: columns[name] for name in order})
