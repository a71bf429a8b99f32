"""A fleet of locations: what the page draws of every approach over its locations, however many there are."""

from collections.abc import Mapping, Sequence
from typing import Any

from runtime.report.drawing.axis import Axis, axis_of
from runtime.report.roles import TREATMENT

FEW = 12
"""Locations up to which lists of single places stand open; more are folded."""
MOST_FLAGGED = 20
"""Flagged locations that are listed above the fold."""
HEIGHT = 220
"""Of the plot, in pixels."""


def fleets(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each treatment's fleet with its `plot`, `counts` of decisions, and locations as `flagged` and `rest`.

    Flagged are those set aside and those where the approach hurts, the oddest first; the rest follow by value.
    """
    found = []
    for fleet in said["evidence"]["fleet"]:
        if said["roles"].get(fleet["approach"]) != TREATMENT:
            continue
        reasons = {item["location"]: item["reason"] for item in fleet["quarantine"]}
        rows = [{**row, "reason": reasons.get(row["location"])} for row in fleet["locations"]]
        rows.sort(key=lambda row: (row["value"], row["raw"], row["location"]))
        odd = [row for row in rows if row["reason"] or row["direction"] == "hurts"]
        odd.sort(key=lambda row: (not row["reason"], -abs(row["raw"] - fleet["mean"])))
        flagged = odd[:MOST_FLAGGED]
        listed = {row["location"] for row in flagged}
        found.append(
            {
                **fleet,
                "plot": caterpillar(rows, fleet["mean"]),
                "flagged": flagged,
                "more_flagged": len(odd) - len(flagged),
                "rest": [row for row in reversed(rows) if row["location"] not in listed],
                "counts": {d: sum(row["direction"] == d for row in rows) for d in ("helps", "undecided", "hurts")},
                "reasons": len(reasons),
            }
        )
    return found


def caterpillar(rows: Sequence[Mapping[str, Any]], mean: float) -> dict[str, Any]:
    """Sorted locations from left to right, drawn values with bands, raw values as ticks.

    Marks are gathered in one path for each kind, so that a hundred locations cost no more than their coordinates. A
    mark of no length is drawn as its line's cap: round where it helps, square where it hurts.

    Returns:
        `ticks` (value and y in pixels), `zero` and `mean` as y, `width` in units of one location, and `paths` by kind.
    """
    axis: Axis = axis_of(
        [
            {
                "value": row["value"],
                "location": None,
                "prior": None,
                "band": [min(row["band"][0], row["raw"]), max(row["band"][1], row["raw"])],
            }
            for row in rows
        ]
    )

    def y(value: float) -> float:
        return round(HEIGHT * (1 - axis.at(value) / 100), 1)

    paths: dict[str, list[str]] = {}
    for i, row in enumerate(rows):
        x = 10 * i + 5
        kind = "aside" if row["reason"] else row["direction"]
        paths.setdefault(f"{kind}-band", []).append(f"M{x} {y(row['band'][0])}V{y(row['band'][1])}")
        paths.setdefault("raw", []).append(f"M{x - 4} {y(row['raw'])}h8")
        paths.setdefault(f"{kind}-dot", []).append(f"M{x} {y(row['value'])}h0")
    return {
        "ticks": [{"value": t, "y": y(t)} for t in axis.ticks],
        "zero": y(0.0),
        "mean": y(mean),
        "width": 10 * len(rows),
        "height": HEIGHT,
        "paths": {kind: "".join(parts) for kind, parts in paths.items()},
    }


def fleet_rows(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row per approach, domain and location of a fleet."""
    return [
        {
            "approach": fleet["approach"],
            "domain": fleet["domain"],
            "location": row["location"],
            "measured": row["raw"],
            "value": row["value"],
            "value_low": row["band"][0],
            "value_high": row["band"][1],
            "p_value": row["p_value"],
            "p_adjusted": row["adjusted"],
            "direction": row["direction"],
            "set_aside": next((q["reason"] for q in fleet["quarantine"] if q["location"] == row["location"]), ""),
        }
        for fleet in said["evidence"]["fleet"]
        for row in fleet["locations"]
    ]
