"""Failure modes by approach: shares of all trials with bands, and how they changed against the baseline."""

from typing import cast

import pyarrow as pa

from runtime.report.drawing import Drawn, Rows
from runtime.report.drawing.csv import columns
from runtime.report.drawing.listing import by_domain, refused
from runtime.report.forms.failures import Change, FailureRow, Shifted
from runtime.report.forms.report import Report
from runtime.report.study import Study
from runtime.stats.effects.failure_modes import UNNAMED, modes_of, shifts
from runtime.stats.inference.rate import rate_of
from runtime.stats.table.outcomes import Trials
from runtime.stats.table.pairing import without_copies


def failures(study: Study) -> list[FailureRow]:
    """One row per approach and domain, pooled over places, each with every mode that occurs anywhere in the study.

    A mode's share is a rate like success: its band holds the luck of training (of one fixed policy that of states), and each
    place counts the same. Bands of changes hold together for all modes of one comparison, so they are wider than a single one's.
    """
    table, baseline, evidence = study.table, study.frame.baseline, study.evidence
    level, shared = evidence["level"], evidence["shared_training"]
    changed: dict[tuple[str, str, str], Change] = {
        (s.approach, s.domain, s.mode): {
            "value": round(s.estimate.value, 4),
            "band": s.estimate.band.to_json(),
            "level": round(s.estimate.level, 6),
            "direction": cast(Shifted, s.direction),
            "paired": s.paired,
        }
        for s in (shifts(table, baseline, level, shared) if baseline is not None else [])
    }
    order = {approach: i for i, approach in enumerate(study.frame.approaches)}
    rows: dict[tuple[str, str], FailureRow] = {}
    once = without_copies(table)
    for mode in modes_of(table):
        trials = Trials.of(_failing(once, mode))
        outcomes = trials.outcomes
        for key in sorted(outcomes, key=lambda key: (order.get(key[0], len(order)), key[1])):
            rate = rate_of(*key, outcomes[key], level, shared, key in trials.fixed)
            row = rows.setdefault(key, {"approach": key[0], "domain": key[1], "trials": rate.trials, "modes": []})
            row["modes"].append(
                {
                    "mode": mode,
                    "count": int(sum(v for runs in outcomes[key].values() for run in runs.values() for v in run.values())),
                    "share": round(rate.estimate.value, 4),
                    "band": rate.estimate.band.to_json(),
                    "change": changed.get((*key, mode)),
                }
            )
    return list(rows.values())


def _failing(table: pa.Table, mode: str) -> pa.Table:
    """The table with "failed this way" for its outcome."""
    trials = zip(table["success"].to_pylist(), table["failure_mode"].to_pylist(), strict=True)
    failed = pa.array([not success and (named or UNNAMED) == mode for success, named in trials])
    return table.set_column(table.column_names.index("success"), "success", failed)


def drawn(said: Report) -> Drawn:
    """Rows by domain, and the modes of all of them."""
    by_gates = refused(said)
    groups = by_domain(said, [row | {"refused": by_gates.get((row["approach"], row["domain"]))} for row in said["failures"]])
    return {"groups": groups, "modes": [mode["mode"] for row in said["failures"][:1] for mode in row["modes"]]}


def rows(said: Report) -> Rows:
    """One row per approach, domain and mode."""
    change = "change=value change=band change_level=level change_direction=direction"
    return [
        columns(row | mode, "approach domain mode count trials share band")
        | (columns(mode["change"], change) if mode["change"] else {})
        for row in said["failures"]
        for mode in row["modes"]
    ]
