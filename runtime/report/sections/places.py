"""The heat map: location by approach, each cell with its uplift, its band and how strongly it is tinted."""

from collections.abc import Mapping, Sequence
from typing import Any

from runtime.report.roles import BASELINE, UNTRAINED
from runtime.report.sections.verdict import in_order

LEAST_SCALE = 10.0
"""Points at which a tint is full even where nothing moved more: small differences stay pale."""


def heat_maps(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One map per domain with at least two places; rows follow the study's order, columns the report's.

    A row has the baseline's success rate and a cell per other approach, None where nothing was compared. `tint` is 0 to
    100; the untrained control does not set the scale.
    """
    frame, evidence = said["study"], said["evidence"]
    roles: Mapping[str, str] = said["roles"]
    approaches = [a for a in in_order(frame["approaches"], roles) if roles.get(a) != BASELINE]
    maps = []
    for domain in said["domains"]:
        here = [r for r in evidence["uplift"] if r["domain"] == domain and r["location"] is not None]
        cells = {(r["location"], r["task"], r["approach"]): r for r in here}
        rates = {
            (r["location"], r["task"]): r
            for r in evidence["rates"]
            if r["domain"] == domain and r["approach"] == evidence["baseline"]
        }
        places = [(x, t) for x in frame["locations"] for t in frame["tasks"] if any((x, t, a) in cells for a in approaches)]
        if len(places) < 2:
            continue
        scale = max([LEAST_SCALE, *(abs(r["value"]) for r in here if roles.get(r["approach"]) != UNTRAINED)])
        maps.append(
            {
                "domain": domain,
                "approaches": approaches,
                "scale": round(scale, 1),
                "rows": [
                    {
                        "location": x,
                        "task": t,
                        "baseline": rates.get((x, t)),
                        "cells": [_cell(cells.get((x, t, a)), scale) for a in approaches],
                    }
                    for x, t in places
                ],
            }
        )
    return maps


def _cell(row: Mapping[str, Any] | None, scale: float) -> dict[str, Any] | None:
    if row is None:
        return None
    return {
        "value": row["value"],
        "band": row["band"],
        "direction": row["direction"],
        "seeds": row["seeds"],
        "tone": "up" if row["value"] > 0 else "down",
        "tint": round(min(100.0, 100 * abs(row["value"]) / scale)),
    }


def heat_rows(maps: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The maps as flat rows, one per cell."""
    return [
        {
            "domain": m["domain"],
            "location": row["location"],
            "task": row["task"],
            "approach": approach,
            "uplift": cell["value"],
            "low": cell["band"][0],
            "high": cell["band"][1],
            "direction": cell["direction"],
            "seeds": cell["seeds"],
        }
        for m in maps
        for row in m["rows"]
        for approach, cell in zip(m["approaches"], row["cells"], strict=True)
        if cell is not None
    ]
