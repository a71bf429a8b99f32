"""Rows as CSV; light, for the command line writes it too."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any


def table_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as CSV (RFC 4180) under the keys of all of them, in order; None is empty.

    Text that a spreadsheet would take for a formula begins with an apostrophe: nothing from a spec is run there.
    """
    names = list(dict.fromkeys(name for row in rows for name in row))
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, names, restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({name: _inert(value) for name, value in row.items()} for row in rows)
    return buffer.getvalue()


def _inert(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value
