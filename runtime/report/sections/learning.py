"""Learning curves: what the report says of them, and the geometry of their charts."""

from collections.abc import Sequence

from runtime.report.drawing import Drawn, Rows
from runtime.report.drawing.axis import band_marks, curve
from runtime.report.drawing.csv import columns
from runtime.report.drawing.listing import refused
from runtime.report.forms.learning import CurveRow, LearningForm
from runtime.report.forms.report import Report
from runtime.report.roles import in_order
from runtime.report.study import Study

LEFT, RIGHT, TOP, BOTTOM = 34.0, 252.0, 12.0, 132.0
"""The field of one chart, in its own units of about a pixel; below and left of it stand the numbers."""


def learning(study: Study) -> LearningForm | None:
    """The curves of all training runs; None where none were asked for.

    Raises:
        ValueError: when there are artifacts of the stage `learning`, but not one for each training run.
    """
    import pyarrow.parquet as pq

    from runtime.stats.curves.evidence import Training, learning_evidence
    from runtime.stats.table.pairing import pairing_of

    folders, evidence = study.artifacts.curves, study.evidence
    if not folders:
        return None
    runs = dict.fromkeys((c.approach, c.location, c.task, c.seed) for c in study.cells)
    trainings = [Training(*run, pq.read_table(folder / "learning.parquet")) for run, folder in zip(runs, folders, strict=True)]
    pairing = pairing_of(study.table).get("twin")
    return learning_evidence(trainings, study.frame.baseline, evidence["level"], evidence["shared_training"], pairing)


def charts(said: Report) -> list[Drawn]:
    """Per task, and below it per place: one panel for each approach, with the baseline's curve behind its own."""
    found = said["learning"]
    if found is None:
        return []
    order, by_gates = in_order(said["study"]["approaches"], said["roles"]), refused(said)
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
                    "rows": [{**row, "refused": by_gates.get((row["approach"], found["domain"]))} for row in here],
                    "panels": _panels(here, found["baseline"]),
                }
            )
    return groups


def _panels(rows: Sequence[CurveRow], baseline: str | None) -> list[Drawn]:
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
                "ticks": ticks(steps if len(steps) > 1 else [0, last], last),
            }
        )
    return panels


def _line(row: CurveRow, last: float) -> Drawn:
    """Points of a curve and the outline of its bands; a flat curve runs over the whole field."""
    dots: list[Drawn] = [{**p, **band_marks(p, _y), "x": _x(p["step"], last)} for p in row["points"]]
    return {"dots": dots, **curve([*dots, {**dots[-1], "x": RIGHT}] if row["flat"] and dots else dots)}


def ticks(steps: Sequence[int], last: float) -> list[Drawn]:
    """Ticks of gradient steps; `shown` is false where a number would touch the next one, and the last one always shows."""
    marks: list[Drawn] = [{"x": _x(step, last), "value": step} for step in steps]
    right = float("inf")
    for tick in reversed(marks):
        half = 3.3 * len(str(tick["value"])) + 3
        tick["shown"] = tick["x"] + half <= right
        right = tick["x"] - half if tick["shown"] else right
    return marks


def _x(step: float, last: float) -> float:
    return round(LEFT + (RIGHT - LEFT) * step / last, 2)


def _y(rate: float) -> float:
    return round(BOTTOM - (BOTTOM - TOP) * rate / 100, 2)


def curve_rows(said: Report) -> Rows:
    """One row per point of a curve."""
    found = said["learning"]
    return [
        columns(row, "approach task location") | columns(point, "step success=value band level trials")
        for row in (found["rows"] if found else ())
        for point in row["points"]
    ]


def area_rows(said: Report) -> Rows:
    """One row per curve: its area, the difference to the baseline's, and sample efficiency."""
    found = said["learning"]
    rows = []
    for row in found["rows"] if found else ():
        flat, kind = columns(row, "approach task location"), row["efficiency"] and row["efficiency"]["kind"]
        for name in ("area", "difference", "efficiency"):
            flat |= columns(row[name] or {"value": None, "band": None}, f"{name}=value {name}=band")
        rows.append({**flat, "efficiency_is": kind, "seeds": row["seeds"], "notes": "; ".join(row["notes"])})
    return rows
