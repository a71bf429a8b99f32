"""Reinforcement learning in twins: success against control steps, a line for each run."""

import csv

from runtime.report.drawing import Drawn, Rows
from runtime.report.drawing.csv import columns
from runtime.report.forms.reinforcement import RlRow, RlRun
from runtime.report.forms.report import Report
from runtime.report.sections.learning import BOTTOM, LEFT, RIGHT, TOP, ticks
from runtime.report.study import Study
from runtime.store.manifest import parent_of, read_manifest

AVERAGED = 4
"""Points of a curve that are drawn as their mean, as the rule of patience has it."""


def reinforcement(study: Study) -> list[RlRow]:
    """A row for every approach at every task and place whose policies were improved by what they did in a twin."""
    rows: dict[tuple[str, str, str], RlRow] = {}
    seen = set()
    for cell, folder in zip(study.cells, study.artifacts.trials, strict=True):
        policy = parent_of(folder, "policy")
        key = cell.task, cell.location, cell.approach
        if policy is None or not (policy / "rl.csv").is_file() or (*key, cell.seed) in seen:
            continue
        seen.add((*key, cell.seed))
        with (policy / "rl.csv").open(newline="") as file:
            points = list(csv.DictReader(file))
        run: RlRun = {
            "seed": cell.seed,
            "control_steps": [int(point["control_steps"]) for point in points],
            "success": [float(point["success"]) for point in points],
            "clone_kl": [float(point["clone_kl"]) if point["clone_kl"] else None for point in points],
            "stopped": str(read_manifest(policy)["metrics"]["stopped"]),
        }
        row: RlRow = {"approach": cell.approach, "task": cell.task, "location": cell.location, "runs": []}
        rows.setdefault(key, row)["runs"].append(run)
    for row in rows.values():
        row["runs"].sort(key=lambda run: run["seed"])
    # a control that is only trained on takes no control steps, and has no curve
    return [row for row in rows.values() if any(step for run in row["runs"] for step in run["control_steps"])]


def drawn(said: Report) -> Drawn:
    """Per task and place a panel for each approach."""
    groups: list[Drawn] = []
    for task, location in dict.fromkeys((row["task"], row["location"]) for row in said["reinforcement"]):
        here = [row for row in said["reinforcement"] if (row["task"], row["location"]) == (task, location)]
        last = max(max(run["control_steps"]) for row in here for run in row["runs"])
        groups.append({"task": task, "location": location, "panels": [_panel(row, last) for row in here]})
    return {"groups": groups}


def _panel(row: RlRow, last: int) -> Drawn:
    return {
        "approach": row["approach"],
        "own": [{"line": _line(run, last), "seed": run["seed"]} for run in row["runs"]],
        "behind": [],
        "rules": [{"y": BOTTOM - (BOTTOM - TOP) * share, "value": f"{100 * share:.0f}%"} for share in (0.0, 0.5, 1.0)],
        "ticks": ticks([0, last // 2, last], last),
        "stopped": ", ".join(sorted({run["stopped"] for run in row["runs"]})),
    }


def _line(run: RlRun, last: int) -> str:
    spots = []
    for i, step in enumerate(run["control_steps"]):
        recent = run["success"][max(0, i + 1 - AVERAGED) : i + 1]
        y = BOTTOM - (BOTTOM - TOP) * sum(recent) / len(recent)
        spots.append(f"{LEFT + (RIGHT - LEFT) * step / last:.2f},{y:.2f}")
    return " ".join(spots if len(spots) > 1 else [f"{LEFT},{spots[0].partition(',')[2]}", *spots])


def rows(said: Report) -> Rows:
    """One row per point of a run."""
    return [
        columns(row, "approach task location") | columns(run, "seed stopped") | {"control_steps": s, "success": x, "clone_kl": kl}
        for row in said["reinforcement"]
        for run in row["runs"]
        for s, x, kl in zip(run["control_steps"], run["success"], run["clone_kl"], strict=True)
    ]
