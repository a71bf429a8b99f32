"""Does each domain reproduce: rows for a table, in words."""

from collections.abc import Mapping
from typing import Any


def determinism_rows(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row per domain with trials: how many were run twice, how many ended differently, and what follows."""
    return [
        {
            "domain": row["domain"],
            "run_twice": row["trials"],
            "differing": row["differing"],
            "points": row["rate"],
            "low": (row["band"] or ("", ""))[0],
            "high": (row["band"] or ("", ""))[1],
            "level": row["level"],
            "at_most": row["limit"],
            "status": row["status"],
            "paired": row["paired"],
        }
        for row in said["evidence"]["reproducible"]
    ]
