"""The same trials run a second time, so that whether a domain reproduces is measured rather than supposed."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from runtime.sim.trials.run import Trial

SCHEMA = pa.schema([("initial_state", pa.string()), ("success", pa.bool_()), ("score", pa.float64()), ("steps", pa.int64())])
"""Columns of `twice.parquet`: what the second run gave."""


def save_twice(path: Path, first: Sequence[Trial], second: Sequence[Trial]) -> dict[str, Any]:
    """Write the second run and compare it with the first.

    Args:
        path: the file.
        first: all trials.
        second: some of them again, perhaps none.

    Returns:
        Metrics: how many trials were `repeated`, in how many success was `differing`, and by how many steps two runs of
        one trial were apart at most.
    """
    columns = {
        "initial_state": [str(t.initial_state) for t in second],
        "success": [t.success for t in second],
        "score": [t.score for t in second],
        "steps": [t.steps for t in second],
    }
    pq.write_table(pa.table(columns, schema=SCHEMA), path)
    once = {t.initial_state: t for t in first}
    pairs = [(once[t.initial_state], t) for t in second]
    return {
        "repeated": len(pairs),
        "differing": sum(a.success != b.success for a, b in pairs),
        "steps_apart": max((abs(a.steps - b.steps) for a, b in pairs), default=0),
    }
