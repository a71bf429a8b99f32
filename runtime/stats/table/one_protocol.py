"""Trials of different protocols are never compared: refused where outcomes are arranged, so that nothing gets past it.

A protocol is a digest (`runtime.sim.trials.protocol`). Imported trials have an empty one, which goes with itself alone. Each
task and domain has one of its own: what is pooled over tasks counts each by itself, and a gap between domains compares just
what differs between them.
"""

import pyarrow as pa

from runtime.problem import InputError, Problem


def refuse_mixed_protocols(table: pa.Table) -> None:
    """Hold every task and domain to one protocol.

    Args:
        table: with the columns of `runtime.stats.table.table.SCHEMA`; without a `protocol` all have an empty one.

    Raises:
        InputError: X447 for each task and domain with several.
    """
    if "protocol" not in table.column_names:
        return
    names = ["task", "domain", "protocol"]
    rows = table.group_by(names).aggregate([([], "count_all"), ("location", "min"), ("approach", "min")])
    found: dict[tuple[str, str], dict[str, str]] = {}
    for row in rows.to_pylist():
        place = f"{row['count_all']} trials, such as `{row['approach_min']}` at `{row['location_min']}`"
        found.setdefault((row["task"], row["domain"]), {}).setdefault(row["protocol"] or "", place)
    problems = []
    for (task, domain), protocols in sorted(found.items()):
        if len(protocols) > 1:
            listed = "; ".join(f"{said[:12] or 'none'}: {place}" for said, place in sorted(protocols.items()))
            message = f"trials of task `{task}` in `{domain}` are of {len(protocols)} protocols ({listed})"
            help = "compare only what has one horizon, control rate, success rule and condition set"
            problems.append(Problem("X447", message, help, "trials"))
    if problems:
        raise InputError(*problems)
