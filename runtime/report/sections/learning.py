"""Learning curves: what the report says of them, and the geometry of their charts."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from runtime.bound.cell import Cell
from runtime.report.forms.learning import LearningForm
from runtime.report.sections.verdict import in_order
from runtime.stats.curves.evidence import Training, learning_evidence
from runtime.stats.table.pairing import Pairing

LEFT, RIGHT, TOP, BOTTOM = 34.0, 252.0, 12.0, 132.0
"""The field of one chart, in its own units of about a pixel; below and left of it stand the numbers."""


def learning(
    cells: Sequence[Cell],
    folders: Sequence[Path],
    baseline: str | None,
    level: float,
    shared_training: bool,
    pairing: Pairing | None = None,
) -> LearningForm | None:
    """The curves of all training runs; None where none were asked for.

    Args:
        cells: the study's cells; their training runs, each once and in order, are those of `folders`.
        folders: artifacts of the stage `learning`.
        baseline: id of the approach that the others are compared with.
        level: confidence level of every band.
        shared_training: whether one training run serves all locations.
        pairing: what trials run twice say of the twin.

    Raises:
        ValueError: when there are folders, but not one for each training run.
    """
    import pyarrow.parquet as pq

    if not folders:
        return None
    runs = dict.fromkeys((c.approach, c.location, c.task, c.seed) for c in cells)
    trainings = [Training(*run, pq.read_table(folder / "learning.parquet")) for run, folder in zip(runs, folders, strict=True)]
    return learning_evidence(trainings, baseline, level, shared_training, pairing)


def charts(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Per task, and below it per place: one panel for each approach, with the baseline's curve behind its own."""
    found = said["learning"]
    if found is None:
        return []
    order = in_order(said["study"]["approaches"], said["roles"])
    groups = []
    for task in dict.fromkeys(row["task"] for row in found["rows"]):
        rows = [row for row in found["rows"] if row["task"] == task]
        places = [row["location"] for row in rows]
        widest = None if None in places else places[0]
        for place in dict.fromkeys([widest, *places]):
            here = sorted((r for r in rows if r["location"] == place), key=lambda r: order.index(r["approach"]))
            groups.append(
                {
                    "task": task,
                    "location": place,
                    "wide": place == widest,
                    "only": len(set(places)) == 1,
                    "rows": here,
                    "panels": _panels(here, found["baseline"]),
                }
            )
    return groups


def _panels(rows: Sequence[Mapping[str, Any]], baseline: str | None) -> list[dict[str, Any]]:
    last = max((point["step"] for row in rows for point in row["points"]), default=0) or 1
    base = next((row for row in rows if row["approach"] == baseline), None)
    panels = []
    for row in rows:
        steps = sorted({0, *(point["step"] for point in row["points"])})
        panels.append(
            {
                "approach": row["approach"],
                "own": _line(row, last),
                "behind": None if base is None or base is row else _line(base, last),
                "ticks": _ticks(steps if len(steps) > 1 else [0, last], last),
            }
        )
    return panels


def _line(row: Mapping[str, Any], last: float) -> dict[str, Any]:
    """Points of a curve and the outline of its bands; a flat curve runs over the whole field."""
    dots = [
        {
            "x": _x(p["step"], last),
            "y": _y(p["value"]),
            "low": _y(p["band"][0]),
            "high": _y(p["band"][1]),
            "step": p["step"],
            "value": p["value"],
            "band": p["band"],
        }
        for p in row["points"]
    ]
    ends = [*dots, {**dots[-1], "x": RIGHT}] if row["flat"] and dots else dots
    around = [(d["x"], d["high"]) for d in ends] + [(d["x"], d["low"]) for d in reversed(ends)]
    return {"dots": dots, "line": " ".join(f"{d['x']},{d['y']}" for d in ends), "area": " ".join(f"{x},{y}" for x, y in around)}


def _ticks(steps: Sequence[int], last: float) -> list[dict[str, Any]]:
    """Ticks, with `shown` false where their number would touch that of the next one; the last one always shows."""
    ticks: list[dict[str, Any]] = [{"x": _x(step, last), "value": step} for step in steps]
    right = float("inf")
    for tick in reversed(ticks):
        half = 3.3 * len(str(tick["value"])) + 3
        tick["shown"] = tick["x"] + half <= right
        right = tick["x"] - half if tick["shown"] else right
    return ticks


def _x(step: float, last: float) -> float:
    return round(LEFT + (RIGHT - LEFT) * step / last, 2)


def _y(rate: float) -> float:
    return round(BOTTOM - (BOTTOM - TOP) * rate / 100, 2)


def saving(found: Mapping[str, Any] | None) -> str:
    """Sample efficiency in words: `2.1×`, `at least 4×`, with its band."""
    if found is None:
        return "–"
    value = _times(found["value"])
    return value if found["kind"] == "exact" else f"{found['kind']} {value}"


def saving_band(found: Mapping[str, Any] | None) -> str:
    """The band of a sample efficiency; an open end in words."""
    if found is None or found["reason"]:
        return "" if found is None else found["reason"]
    low, high = (None if end is None else _times(end) for end in found["band"])
    if low and high:
        return f"[{low}, {high}]"
    return f"{low} or more" if low else f"{high} or less" if high else "not bounded"


def _times(value: float) -> str:
    return f"{value:.2f}×" if value < 10 else f"{value:.0f}×"


def curve_rows(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One flat row per point of a curve."""
    found = said["learning"]
    return (
        []
        if found is None
        else [
            {
                **_names(row),
                "step": p["step"],
                "success": p["value"],
                "low": p["band"][0],
                "high": p["band"][1],
                "level": p["level"],
                "trials": p["trials"],
            }
            for row in found["rows"]
            for p in row["points"]
        ]
    )


def area_rows(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One flat row per curve: its area, the difference to the baseline's, and sample efficiency."""
    found = said["learning"]
    rows = []
    for row in found["rows"] if found else []:
        flat = _names(row)
        for name in ("area", "difference", "efficiency"):
            one = row[name] or {}
            low, high = one.get("band", (None, None))
            flat |= {name: one.get("value"), f"{name}_low": low, f"{name}_high": high}
        kind = row["efficiency"]["kind"] if row["efficiency"] else None
        rows.append({**flat, "efficiency_is": kind, "seeds": row["seeds"], "notes": "; ".join(row["notes"])})
    return rows


def _names(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"approach": row["approach"], "task": row["task"], "location": row["location"] or "all"}
