"""Key figures as lines for people: by week, each location of the newest week, and what follows."""

from collections.abc import Mapping, Sequence
from typing import Any

from compiler.render.columns import columns
from runtime.report.drawing.words import band, count, figure, number
from runtime.report.forms.kpi import KpiPack
from runtime.report.sections.kpi import newest, series

Row = Mapping[str, Any]


def kpi_lines(pack: KpiPack) -> list[str]:
    """Everything that `simkiln kpi` prints."""
    if not pack["rows"]:
        return [f"nothing was measured in a known week ({count(pack['undated'], 'trial or artifact', 'undated ones')})"]
    lines = [f"key figures in points, {100 * pack['level']:g} % bands"]
    for approach in pack["approaches"]:
        lines += ["", f"`{approach}`{', in use' if approach == pack['baseline'] else ''}, by week"]
        lines += columns(_by_week(pack, approach))
    places = newest(pack)
    lines += ["", f"each location that was measured in {pack['weeks'][-1]}", *columns(_by_place(pack, places))]
    for kpi in pack["not_run"]:
        lines.append(f"not run: {pack['meaning'][kpi]}")
    for trend in pack["trends"]:
        lines.append(f"`{trend['approach']}` over {count(trend['weeks'], 'week')}: {trend['advice']}")
        lines += [f"  {_moved(row)}" for row in trend["because"] if row["band"]]
    return lines


def _by_week(pack: KpiPack, approach: str) -> list[Sequence[str]]:
    mine = {
        (r["week"], r["kpi"], r["domain"], r["real"]): r
        for r in pack["rows"]
        if r["approach"] == approach and r["location"] is None
    }
    keys = [key for key in series(pack) if any(k[1:] == key for k in mine)]
    rows: list[Sequence[str]] = [("week", "locations", *(figure(*key) for key in keys))]
    for week in pack["weeks"]:
        cells = [mine.get((week, *key)) for key in keys]
        if any(cells):
            rows.append((week, str(max(c["locations"] for c in cells if c)), *map(_cell, cells)))
    return rows


def _by_place(pack: KpiPack, places: Sequence[Row]) -> list[Sequence[str]]:
    head = ("location", "approach", *(figure(*key) for key in series(pack)))
    return [head, *((p["location"], p["approach"], *map(_cell, p["values"])) for p in places)]


def _cell(row: Row | None) -> str:
    if row is None:
        return "not run"
    return f"{number(row['value'], sign=row['kpi'] == 'gap')} {band(row['band'])}"


def _moved(row: Row) -> str:
    ends = f"{number(row['first']['value'])} to {number(row['last']['value'])}"
    change = f"{number(row['value'], sign=True)} {band(row['band'])}"
    return f"{figure(row['kpi'], row['domain'], row['real'])}: {row['trend']}, {ends}, on the line {change}"
