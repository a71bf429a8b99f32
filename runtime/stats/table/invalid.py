"""Trials that tell nothing of a policy: the physics blew up, a camera fell off, somebody pressed the emergency stop.

They are never dropped in silence: a trial whose failure mode begins with `INVALID` stays a row of every table. What compares or
rates leaves it out (`without_invalid`), its counts stand beside, and so does what comes out when it counts as a failure.
"""

from collections import Counter

import pyarrow as pa

from runtime.report.forms.evidence import Invalid
from runtime.stats.table.table import rows

INVALID = "invalid"
"""How the failure mode of such a trial begins; a colon and the reason may follow."""


def invalid_mode(reason: str = "") -> str:
    """The failure mode of an invalid trial."""
    return f"{INVALID}: {reason}" if reason else INVALID


def is_invalid(mode: str | None) -> bool:
    """Whether a failure mode says that its trial is none."""
    return mode is not None and mode.partition(":")[0] == INVALID


def any_invalid(table: pa.Table) -> bool:
    """Whether a table holds any."""
    return any(map(is_invalid, table["failure_mode"].unique().to_pylist()))


def without_invalid(table: pa.Table) -> pa.Table:
    """The table without them; as it is where there are none."""
    if not any_invalid(table):
        return table
    return table.filter(pa.array([not is_invalid(mode) for mode in table["failure_mode"].to_pylist()], pa.bool_()))


def as_failures(table: pa.Table) -> pa.Table:
    """The table in which they are failures like any other."""
    told = [f"counted {mode}" if is_invalid(mode) else mode for mode in table["failure_mode"].to_pylist()]
    return table.set_column(table.column_names.index("failure_mode"), "failure_mode", pa.array(told, pa.string()))


def invalid_rows(table: pa.Table) -> list[Invalid]:
    """How many trials of each approach, domain and place were invalid, and why; nothing where none was."""
    if not any_invalid(table):
        return []
    counts: dict[tuple[str, ...], list[int]] = {}
    reasons: dict[tuple[str, ...], Counter[str]] = {}
    names = ("approach", "domain", "location", "task", "success", "failure_mode")
    for *key, success, mode in rows(table, *names):
        of = counts.setdefault(tuple(key), [0, 0, 0])
        bad = is_invalid(mode)
        of[0] += 1
        of[1] += bad
        of[2] += bool(success) and not bad
        if bad:
            reasons.setdefault(tuple(key), Counter())[mode.partition(":")[2].strip() or "no reason"] += 1
    return [
        {
            "approach": key[0],
            "domain": key[1],
            "location": key[2],
            "task": key[3],
            "trials": n,
            "invalid": bad,
            "reasons": dict(sorted(reasons[key].items())),
            "valid_rate": round(100 * won / (n - bad), 4) if n > bad else None,
            "rate_as_failures": round(100 * won / n, 4),
        }
        for key, (n, bad, won) in sorted(counts.items())
        if bad
    ]
