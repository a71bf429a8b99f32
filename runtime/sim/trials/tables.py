"""Judged trials as rows, and the same trials run a second time: whether a domain reproduces is measured, not supposed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from runtime.sim.trials.trial import Trial
from runtime.stats.table.table import SCHEMA

TWICE = pa.schema([SCHEMA.field(name) for name in ("initial_state", "success", "score", "steps")])
"""Columns of `twice.parquet`: what the second run gave."""


def trial_table(
    done: Sequence[Trial], domain: str, protocol: str, factors: Mapping[int, str | None] = MappingProxyType({})
) -> pa.Table:
    """Rows of judged trials; location, task, approach and seed stay open, since equal cells share an evaluation. `factors` are
    what varied, by initial state."""
    cell = {"location": "", "task": "", "approach": "", "domain": domain, "protocol": protocol}
    return pa.Table.from_pylist([cell | trial.row() | {"factors": factors.get(trial.initial_state)} for trial in done], SCHEMA)


def said_of(done: Sequence[Trial]) -> dict[str, Any]:
    """What the stages that try policies record of trials, of which there is at least one."""
    n = len(done)
    return {
        "success_rate": sum(t.success for t in done) / n,
        "n": n,
        "mean_steps": round(sum(t.steps for t in done) / n, 2),
        "mean_score": round(sum(t.score for t in done) / n, 4),
        "failure_modes": dict(sorted(Counter(t.failure_mode for t in done if not t.success).items())),
    }


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
    pq.write_table(pa.Table.from_pylist([trial.row() for trial in second], TWICE), path)
    once = {t.initial_state: t for t in first}
    pairs = [(once[t.initial_state], t) for t in second]
    return {
        "repeated": len(pairs),
        "differing": sum(a.success != b.success for a, b in pairs),
        "steps_apart": max((abs(a.steps - b.steps) for a, b in pairs), default=0),
    }
