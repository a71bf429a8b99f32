"""Failure modes by approach: shares of all trials with bands, and how they changed against the baseline."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from runtime.stats.effects.failure_modes import UNNAMED, modes_of, shifts
from runtime.stats.inference.rate import rate_of
from runtime.stats.table.outcomes import Trials


def failures(
    table: pa.Table, approaches: Sequence[str], baseline: str | None, level: float, shared_training: bool = False
) -> list[dict[str, Any]]:
    """One row per approach and domain, pooled over places, each with every mode that occurs anywhere in the study.

    A mode's share is a rate like success: its band holds the luck of training, and each place counts the same. Bands
    of changes hold together for all modes of one comparison, so they are wider than a single one's.

    Args:
        table: trials as the uplift stage joined them.
        approaches: ids in the study's order.
        baseline: what the others are compared with; None compares nothing.
        level: confidence level.
        shared_training: whether one training run serves all locations.
    """
    changed = {
        (s.approach, s.domain, s.mode): {
            "value": round(s.estimate.value, 4),
            "band": s.estimate.band.to_json(),
            "level": round(s.estimate.level, 6),
            "direction": s.direction,
            "paired": s.paired,
        }
        for s in (shifts(table, baseline, level, shared_training) if baseline is not None else [])
    }
    order = {approach: i for i, approach in enumerate(approaches)}
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for mode in modes_of(table):
        outcomes = Trials.of(_failing(table, mode)).outcomes
        for approach, domain in sorted(outcomes, key=lambda key: (order.get(key[0], len(order)), key[1])):
            rate = rate_of(approach, domain, outcomes[approach, domain], level, shared_training)
            failed = sum(v for runs in outcomes[approach, domain].values() for run in runs.values() for v in run.values())
            row = rows.setdefault(
                (approach, domain), {"approach": approach, "domain": domain, "trials": rate.trials, "modes": []}
            )
            row["modes"].append(
                {
                    "mode": mode,
                    "count": int(failed),
                    "share": round(rate.estimate.value, 4),
                    "band": rate.estimate.band.to_json(),
                    "change": changed.get((approach, domain, mode)),
                }
            )
    return list(rows.values())


def _failing(table: pa.Table, mode: str) -> pa.Table:
    """The table with "failed this way" for its outcome."""
    trials = zip(table["success"].to_pylist(), table["failure_mode"].to_pylist(), strict=True)
    failed = pa.array([not success and (named or UNNAMED) == mode for success, named in trials])
    return table.set_column(table.column_names.index("success"), "success", failed)
