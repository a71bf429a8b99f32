"""Rows as CSV; light, for the command line writes it too."""

import csv
import io
from collections.abc import Mapping
from typing import Any

from runtime.report.drawing import Rows


def table_csv(rows: Rows) -> str:
    """Rows as CSV (RFC 4180) under the keys of all of them, in order; None is empty.

    Text that a spreadsheet would take for a formula begins with an apostrophe: nothing from a spec is run there.
    """
    names = list(dict.fromkeys(name for row in rows for name in row))
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, names, restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({name: _inert(value) for name, value in row.items()} for row in rows)
    return buffer.getvalue()


def columns(row: Mapping[str, Any], names: str) -> dict[str, object]:
    """Some values of a row as columns, one for each of `names`: a key, or `column=key` where the table calls it otherwise.

    A `band` or `range` makes two columns: `low` and `high` of `band`, `iqm_low` and `iqm_high` of `iqm_band`, `real_low` and
    `real_high` of `real=band`. A row without `location` or `task` is of `all`.
    """
    found: dict[str, object] = {}
    for name in names.split():
        column, _, key = name.rpartition("=")
        if key.endswith(("band", "range")):
            stem = column or key.removesuffix("band").removesuffix("_")
            low, high = row[key] or (None, None)
            found |= {f"{stem}_low": low, f"{stem}_high": high} if stem else {"low": low, "high": high}
        else:
            found[column or key] = "all" if row[key] is None and key in ("location", "task") else row[key]
    return found


def _inert(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value
