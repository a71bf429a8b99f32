"""Small charts of key figures by week: where lines, bands and ticks lie, in units of each chart's own view box."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from runtime.report.drawing.axis import Axis
from runtime.report.sections.kpi_rows import newest, series
from runtime.stats.kpi.week import week_number

WIDTH, HEIGHT = 320, 190
LEFT, RIGHT, TOP, BOTTOM = 34, 308, 12, 146
"""Edges of the plot; below it stand the weeks and how many locations were measured in each."""
MOST_LABELS = 8
DODGE = 3.0
"""Approaches lie this far apart, so that none hides another."""
PER_ROW = 3

Row = Mapping[str, Any]


def drawn(said: Mapping[str, Any]) -> dict[str, Any]:
    """What the section draws: `charts` (one per figure and domain), `columns` and `newest` of the table.

    Returns:
        An empty dictionary when nothing was measured in a known week.
    """
    if not said["weeks"]:
        return {}
    everywhere = [row for row in said["rows"] if row["location"] is None]
    charts = [_chart(said, key, [r for r in everywhere if _key(r) == key]) for key in series(said)]
    rows = newest(said)
    return {
        "charts": charts,
        "columns": series(said),
        "newest": rows,
        "week": said["weeks"][-1],
        "locations": len({row["location"] for row in rows}),
        "width": WIDTH,
        "height": HEIGHT,
        "lines": [{"charts": charts[i : i + PER_ROW]} for i in range(0, len(charts), PER_ROW)],
        "frame": {"left": LEFT, "right": RIGHT, "top": TOP, "bottom": BOTTOM},
    }


def _key(row: Row) -> tuple[str, str | None, str | None]:
    return row["kpi"], row["domain"], row["real"]


def _chart(said: Mapping[str, Any], key: tuple[str, str | None, str | None], rows: Sequence[Row]) -> dict[str, Any]:
    kpi, domain, real = key
    axis = _gap_axis(rows) if kpi == "gap" else _rate_axis(rows)
    first, last = (week_number(said["weeks"][i]) for i in (0, -1))

    def x(week: str) -> float:
        share = (week_number(week) - first) / (last - first) if last > first else 0.5
        return LEFT + 12 + share * (RIGHT - LEFT - 24)

    def y(value: float) -> float:
        return BOTTOM - axis.at(value) / 100 * (BOTTOM - TOP)

    lines = []
    shown = [a for a in said["approaches"] if any(r["approach"] == a for r in rows)]
    for i, approach in enumerate(shown):
        off = DODGE * (i - (len(shown) - 1) / 2)
        mine = sorted((r for r in rows if r["approach"] == approach), key=lambda r: r["week"])
        points = [
            {
                "x": round(x(r["week"]) + off, 1),
                "y": round(y(r["value"]), 1),
                "low": round(y(r["band"][0]), 1),
                "high": round(y(r["band"][1]), 1),
                "row": r,
            }
            for r in mine
        ]
        lines.append(
            {
                "approach": approach,
                "group": said["approaches"].index(approach),
                "points": points,
                "last": mine[-1],
                "line": " ".join(f"{p['x']},{p['y']}" for p in points),
                "area": " ".join([f"{p['x']},{p['high']}" for p in points] + [f"{p['x']},{p['low']}" for p in reversed(points)]),
            }
        )
    counts = {week: max((r["locations"] for r in rows if r["week"] == week), default=0) for week in said["weeks"]}
    every = math.ceil(len(said["weeks"]) / MOST_LABELS)
    ticks = [
        {"x": round(x(week), 1), "week": week, "label": week.partition("-")[2], "n": counts[week]}
        for i, week in enumerate(reversed(said["weeks"]))
        if i % every == 0
    ]
    return {
        "kpi": kpi,
        "domain": domain,
        "real": real,
        "lines": lines,
        "weeks": ticks[::-1],
        "ticks": [{"y": round(y(t), 1), "value": t} for t in axis.ticks],
        "zero": round(y(0.0), 1) if kpi == "gap" else None,
    }


def _rate_axis(rows: Sequence[Row]) -> Axis:
    """Up to 100, from as far above 0 as every band allows: 95 and 97 must not look alike."""
    low, step = next(
        (low, step) for low, step in ((80, 5), (50, 10), (0, 25)) if low == 0 or all(r["band"][0] >= low for r in rows)
    )
    return Axis(float(low), 100.0, tuple(float(t) for t in range(low, 101, step)))


def _gap_axis(rows: Sequence[Row]) -> Axis:
    """From the lowest end to the highest, zero included, in round steps; unbounded bands run off it."""
    bounded = [end for r in rows for end in r["band"] if abs(end) < 100]
    values = [-10.0, 10.0, *(r["value"] for r in rows), *bounded]
    span = max(values) - min(values)
    step = next(s for s in (5, 10, 20, 25, 50) if span / s <= 6 or s == 50)
    low, high = step * math.floor(min(values) / step), step * math.ceil(max(values) / step)
    return Axis(low, high, tuple(float(t) for t in range(low, high + 1, step)))
