"""Key figures as tables, read off a report's content; light, for the command line reads it too."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any


def series(said: Mapping[str, Any]) -> list[tuple[str, str | None, str | None]]:
    """(figure, domain, real domain) of everything measured, in the order of the pack."""
    return list(dict.fromkeys((r["kpi"], r["domain"], r["real"]) for r in said["rows"]))


def newest(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A row per location that was measured in the newest week, and approach: its newest value of every figure.

    Each has `location`, `approach` and `values`, aligned with `series`; None where a figure was not measured.
    """
    places = {r["location"] for r in said["rows"] if r["location"] is not None and r["week"] == said["weeks"][-1]}
    values: dict[tuple[str, str], dict[tuple, Mapping[str, Any]]] = defaultdict(dict)
    for row in said["rows"]:  # weeks rise: the last one stays
        if row["location"] in places:
            values[row["location"], row["approach"]][row["kpi"], row["domain"], row["real"]] = row
    order = {approach: i for i, approach in enumerate(said["approaches"])}
    columns = series(said)
    return [
        {"location": location, "approach": approach, "values": [values[location, approach].get(c) for c in columns]}
        for location, approach in sorted(values, key=lambda key: (key[0], order[key[1]]))
    ]


def kpi_rows(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every figure, flat: one row per figure, approach, week and location (`all` for all of that week)."""
    return [
        {
            "week": r["week"],
            "location": r["location"] or "all",
            "approach": r["approach"],
            "kpi": r["kpi"],
            "domain": r["domain"],
            "against": r["real"],
            "value": r["value"],
            "low": r["band"][0],
            "high": r["band"][1],
            "level": report["kpi"]["level"],
            "n": r["n"],
            "locations": r["locations"],
        }
        for r in report["kpi"]["rows"]
    ]
