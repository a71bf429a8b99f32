"""Time to success: how the share of trials that had succeeded rises, and the mean time beside success and progress score."""

import json

from runtime.report.drawing import Drawn, Rows
from runtime.report.drawing.axis import band_marks, curve
from runtime.report.drawing.csv import columns
from runtime.report.drawing.listing import refused
from runtime.report.forms.duration import TimeRow, Times
from runtime.report.forms.report import Report
from runtime.report.study import Study

WIDE, TALL = 420.0, 180.0
"""Field of a chart, pixels."""


def times(study: Study) -> list[Times]:
    """Times of every task in every domain, the most real first."""
    from runtime.stats.causes.duration import times

    clocks = {}
    for cell, folder in zip(study.cells, study.artifacts.trials, strict=True):
        if (cell.domain, cell.task) not in clocks and (folder / "protocol.json").is_file():
            said = json.loads((folder / "protocol.json").read_text())
            if "control_hz" not in said:  # items that are asked have no duration
                continue
            steps = said.get("max_steps") or round(said.get("horizon_s", 0) * said["control_hz"])
            clocks[cell.domain, cell.task] = float(said["control_hz"]), float(steps)
    how = (study.frame.baseline, study.evidence["level"], clocks, study.evidence["shared_training"])
    return sorted(times(study.table, study.approaches, *how), key=lambda one: study.domains.index(one["domain"]))


def drawn(said: Report) -> Drawn:
    """A chart for each task and domain."""
    groups, by_gates = [], refused(said)
    for one in said["times"]:
        lines = [
            {
                "approach": row["approach"],
                "line": i % 8,
                "dash": ("none", "7 4", "2 3", "9 3 2 3")[i // 2 % 4],
                **_path(row, one["horizon"]),
            }
            for i, row in enumerate(one["rows"])
        ]
        ticks = [{"x": round(WIDE * k / 4, 1), "value": one["horizon"] * k / 4} for k in range(5)]
        rows = [{**row, "refused": by_gates.get((row["approach"], one["domain"]))} for row in one["rows"]]
        groups.append({**one, "rows": rows, "drawn": lines, "ticks": ticks, "lines": max(270, 70 + 18 * len(lines))})
    return {"groups": groups, "wide": WIDE, "tall": TALL}


def _path(row: TimeRow, horizon: float) -> Drawn:
    """Corners of its curve and of the band round it."""

    def y(value: float) -> float:
        return round(TALL * (1 - value / 100), 1)

    start = {"x": 0.0, "y": TALL, "low": TALL, "high": TALL}
    shape = curve([start, *({"x": round(WIDE * p["time"] / horizon, 1), **band_marks(p, y)} for p in row["curve"])])
    return {"points": shape["line"], "area": shape["area"]}


def time_rows(said: Report) -> Rows:
    """One row per approach, task and domain."""
    names = (
        "domain task approach trials cut_short success score mean_time=mean mean_time=band median_time=median unit horizon level"
    )
    saved = "time_saved=value time_saved=band direction"
    return [
        columns(one | row, names) | (columns(row["saved"], saved) if row["saved"] else {})
        for one in said["times"]
        for row in one["rows"]
    ]


def curve_rows(said: Report) -> Rows:
    """One row per point of a curve."""
    return [
        columns(one | row | point, "domain task approach time unit succeeded=value band level")
        for one in said["times"]
        for row in one["rows"]
        for point in row["curve"]
    ]
