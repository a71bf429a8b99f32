"""Interim looks: rows for a table."""

from collections.abc import Mapping
from typing import Any


def look_rows(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row per comparison and place; none where trials were not looked at before the end."""
    found = said["evidence"]["sequential"]
    return [
        {
            **{k: row[k] for k in ("approach", "location", "task", "domain", "states")},
            "difference": row["value"],
            "low": (row["band"] or ("", ""))[0],
            "high": (row["band"] or ("", ""))[1],
            "stopped_at_look": row["stopped_at"],
        }
        for row in (found["comparisons"] if found else ())
    ]
