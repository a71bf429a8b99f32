"""Judged trials as rows."""

from collections.abc import Sequence

import pyarrow as pa

from runtime.sim.trials.run import Trial


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
    order = ("location", "task", "approach", "seed", "domain", "initial_state", "success", "score", "failure_mode", "steps")
    return pa.table({name: columns[name] for name in order})
