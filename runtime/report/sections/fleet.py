"""A fleet of locations: what the page draws of every approach over its locations, however many there are."""

from collections.abc import Sequence

from runtime.report.drawing import Drawn, Rows
from runtime.report.drawing.axis import axis_of
from runtime.report.drawing.csv import columns
from runtime.report.drawing.listing import refused
from runtime.report.forms.report import Report
from runtime.report.roles import TREATMENT

MOST_FLAGGED = 20
"""Flagged locations that are listed above the fold."""
HEIGHT = 220
"""Of the plot, in pixels."""


def fleets(said: Report) -> list[Drawn]:
    """Each treatment's fleet with its `plot`, `counts` of decisions, and locations as `flagged` and `rest`.

    Flagged are those set aside and those where the approach hurts, the oddest first; the rest follow by value.
    """
    found, by_gates = [], refused(said)
    for fleet in said["evidence"]["fleet"]:
        if said["roles"].get(fleet["approach"]) != TREATMENT:
            continue
        reasons = {item["location"]: item["reason"] for item in fleet["quarantine"]}
        gate = by_gates.get((fleet["approach"], fleet["domain"]))
        rows: list[Drawn] = [
            {**row, "reason": reasons.get(row["location"])} | ({"direction": "refused"} if gate else {})
            for row in fleet["locations"]
        ]
        rows.sort(key=lambda row: (row["value"], row["raw"], row["location"]))
        odd = [row for row in rows if row["reason"] or row["direction"] == "hurts"]
        odd.sort(key=lambda row: (not row["reason"], -abs(row["raw"] - fleet["mean"])))
        flagged = odd[:MOST_FLAGGED]
        listed = {row["location"] for row in flagged}
        found.append(
            {
                **fleet,
                "refused": gate,
                "plot": caterpillar(rows, fleet["mean"]),
                "flagged": flagged,
                "more_flagged": len(odd) - len(flagged),
                "rest": [row for row in reversed(rows) if row["location"] not in listed],
                "counts": {d: sum(row["direction"] == d for row in rows) for d in ("helps", "undecided", "hurts")},
                "reasons": len(reasons),
            }
        )
    return found


def caterpillar(rows: Sequence[Drawn], mean: float) -> Drawn:
    """Sorted locations from left to right, drawn values with bands, raw values as ticks.

    Marks are gathered in one path for each kind, so that a hundred locations cost no more than their coordinates. A
    mark of no length is drawn as its line's cap: round where it helps, square where it hurts.

    Returns:
        `ticks` (value and y in pixels), `zero` and `mean` as y, `width` in units of one location, and `paths` by kind.
    """
    reach = [[min(row["band"][0], row["raw"]), max(row["band"][1], row["raw"])] for row in rows]
    axis = axis_of([{**row, "prior": None, "location": None, "band": b} for row, b in zip(rows, reach, strict=True)])

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


def rows(said: Report) -> Rows:
    """One row per approach, domain and location of a fleet."""
    found = []
    for fleet in said["evidence"]["fleet"]:
        aside = {one["location"]: one["reason"] for one in fleet["quarantine"]}
        for row in fleet["locations"]:
            flat = columns(row, "location measured=raw value value=band p_value p_adjusted=adjusted direction")
            found.append({**columns(fleet, "approach domain"), **flat, "set_aside": aside.get(row["location"], "")})
    return found
