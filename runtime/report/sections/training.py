"""How training went: the loss of every run on held-out demos, so that an unfinished one is seen before its trials are."""

import csv
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from runtime.report.drawing import Drawn, Rows
from runtime.report.drawing.csv import columns
from runtime.report.forms.report import Report
from runtime.report.forms.training import TrainingRow, TrainingRun
from runtime.report.roles import in_order
from runtime.report.sections.learning import BOTTOM, LEFT, RIGHT, TOP, ticks
from runtime.report.study import Study
from runtime.store.manifest import parent_of, read_manifest


def training(study: Study) -> list[TrainingRow]:
    """A row for every approach at every task and place whose policies were trained; those that share policies, once."""
    policies: dict[tuple[str, str, str], dict[int, Path]] = {}
    for cell, folder in zip(study.cells, study.artifacts.trials, strict=True):
        policy = parent_of(folder, "policy")
        if policy is not None and (policy / "curve.csv").is_file():
            policies.setdefault((cell.task, cell.location, cell.approach), {})[cell.seed] = policy
    rows: dict[tuple[object, ...], TrainingRow] = {}
    for (task, location, approach), made in policies.items():
        key = task, location, tuple(sorted(made.items()))
        if key in rows:
            rows[key]["shared_with"].append(approach)
            continue
        runs = _runs(made)
        if any(run["steps"] for run in runs):
            rows[key] = {"approach": approach, "task": task, "location": location, "shared_with": [], "runs": runs}
    return list(rows.values())


def _runs(made: dict[int, Path]) -> list[TrainingRun]:
    found: list[TrainingRun] = []
    for seed, folder in sorted(made.items()):
        measured = _curve(folder / "curve.csv")
        last = read_manifest(folder)["metrics"].get("held_out_loss")
        steps, losses = [step for step, _ in measured], [loss for _, loss in measured]
        found.append({"seed": seed, "steps": steps, "losses": losses, "last": last, "to_median": None})
    ends = [run["last"] for run in found if run["last"] is not None]
    middle = median(ends) if len(ends) > 1 else 0.0
    for run in found:
        if run["last"] is not None and middle:
            run["to_median"] = run["last"] / middle
    return found


def _curve(path: Path) -> list[tuple[int, float]]:
    """Steps and held-out losses of a curve."""
    with path.open(newline="") as file:
        return [(int(row["step"]), float(row["held_out_loss"])) for row in csv.DictReader(file) if row.get("held_out_loss")]


def drawn(said: Report) -> Drawn:
    """Per task and place a panel for each approach: its runs, with the baseline's behind them; places with pictures only."""
    rows, shown = said["training"], {room["location"] for room in said["pictures"]}
    order = in_order(said["study"]["approaches"], said["roles"])
    groups: list[Drawn] = []
    for task, location in dict.fromkeys((row["task"], row["location"]) for row in rows):
        if shown and location not in shown:
            continue
        here = [row for row in rows if (row["task"], row["location"]) == (task, location)]
        here.sort(key=lambda row: order.index(row["approach"]))
        top = _top([loss for row in here for run in row["runs"] for loss in run["losses"]])
        last = max(step for row in here for run in row["runs"] for step in run["steps"])
        base = next((row for row in here if said["study"]["baseline"] in (row["approach"], *row["shared_with"])), None)
        panels = [_panel(row, None if row is base else base, top, last) for row in here]
        groups.append({"task": task, "location": location, "top": top, "panels": panels})
    return {"groups": groups}


def _panel(row: TrainingRow, base: TrainingRow | None, top: float, last: int) -> Drawn:
    worst = max((run for run in row["runs"] if run["to_median"]), key=lambda run: run["to_median"] or 0.0, default=None)
    return {
        "approach": row["approach"],
        "shared_with": row["shared_with"],
        "own": [_line(run, top, last) for run in row["runs"] if run["steps"]],
        "behind": [_line(run, top, last) for run in base["runs"] if run["steps"]] if base else [],
        "worst": worst,
        "rules": [{"y": _y(share * top, top), "value": round(share * top, 3)} for share in (0.0, 0.5, 1.0)],
        "ticks": ticks([0, last // 2, last], last),
    }


def _line(run: TrainingRun, top: float, last: int) -> Drawn:
    spots = [(_x(step, last), _y(loss, top)) for step, loss in zip(run["steps"], run["losses"], strict=True)]
    return {"line": " ".join(f"{x},{y}" for x, y in spots), "seed": run["seed"], "end": {"x": spots[-1][0], "y": spots[-1][1]}}


def _top(losses: Sequence[float]) -> float:
    """The end of the axis: the least of 1, 2, 5 times a power of ten that leaves nine of ten measurements on it."""
    high = sorted(losses)[int(0.9 * (len(losses) - 1))]
    scale = 10.0 ** (len(f"{high:.0f}") if high >= 1 else -2)
    while scale > high:
        scale /= 10
    return next(scale * times for times in (1, 2, 5, 10, 20, 50, 100) if scale * times >= high)


def _x(step: float, last: float) -> float:
    return round(LEFT + (RIGHT - LEFT) * step / last, 2)


def _y(loss: float, top: float) -> float:
    return round(BOTTOM - (BOTTOM - TOP) * min(loss / top, 1.06), 2)


def rows(said: Report) -> Rows:
    """One row per measurement of a run."""
    return [
        columns(row, "approach task location") | columns(run, "seed last to_median") | {"step": step, "held_out_loss": loss}
        for row in said["training"]
        for run in row["runs"]
        for step, loss in zip(run["steps"], run["losses"], strict=True)
    ]
