"""Approaches' own world models: what their policies do there, how far that is from elsewhere, and whether it flatters."""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from runtime.report.drawing import Drawn, Rows
from runtime.report.drawing.csv import columns
from runtime.report.drawing.words import by_reality
from runtime.report.forms.own_worlds import OwnGap, OwnWorldRow
from runtime.report.forms.report import Report
from runtime.report.study import Study
from runtime.scene_index.band import band_of
from runtime.store.manifest import parent_of

SHARED = "world_model"
"""The domain of the world model in which all approaches are compared."""
Run = tuple[str, str, str, int]


def own_worlds(study: Study) -> list[OwnWorldRow]:
    """A row for each approach, task and place whose policies were tried in a world model of their own."""
    found: dict[tuple[str, str, str], dict[int, dict[str, Any]]] = defaultdict(dict)
    for run, folder in _runs(study).items():
        found[run[:3]][run[3]] = json.loads((folder / "tried.json").read_text())
    elsewhere = _elsewhere(study) if found else {}
    return [_row(where, by, elsewhere) for where, by in found.items()]


def _runs(study: Study) -> dict[Run, Path]:
    """(approach, task, location, seed) -> its artifact. Artifacts stand in the order of runs; a run that gates stopped has none,
    so each is known by its policy."""
    waiting, found = list(study.artifacts.own_worlds), {}
    for cell, folder in zip(study.cells, study.artifacts.trials, strict=True):
        run = cell.approach, cell.task, cell.location, cell.seed
        if run not in found and waiting and parent_of(folder, "policy") == parent_of(waiting[0], "policy"):
            found[run] = waiting.pop(0)
    return found


def _elsewhere(study: Study) -> dict[tuple[str, str, str, int, str], dict[str, float]]:
    """(approach, task, location, seed, domain) -> initial state -> success, points."""
    found: dict[tuple[str, str, str, int, str], dict[str, float]] = defaultdict(dict)
    names = ["approach", "task", "location", "seed", "domain", "initial_state", "success"]
    for *where, domain, state, success in zip(*(study.table[name].to_pylist() for name in names), strict=True):
        if domain != SHARED:
            found[(*where, domain)][str(state)] = 100.0 * success
    return found


def _row(where: tuple[str, str, str], by: dict[int, dict[str, Any]], elsewhere: dict[Any, dict[str, float]]) -> OwnWorldRow:
    def mean(world: str, who: str) -> np.ndarray:
        """Of each initial state over runs, points."""
        return np.mean([tried.get(world, tried["own"])[who] for tried in by.values()], axis=0)

    own, theirs = mean("own", "approach"), mean("own", "baseline")
    shared = mean("shared", "approach") - mean("shared", "baseline")
    uplift, flattery = band_of(own - theirs), band_of(own - theirs - shared)
    approach, task, location = where
    return {
        "approach": approach,
        "task": task,
        "location": location,
        "runs": len(by),
        "states": len(own),
        "distinct": all("shared" in tried for tried in by.values()),
        "success": round(float(own.mean()), 4),
        "baseline_success": round(float(theirs.mean()), 4),
        "uplift": round(uplift[0], 4),
        "uplift_band": (round(uplift[1], 4), round(uplift[2], 4)),
        "uplift_shared": round(float(shared.mean()), 4),
        "flattery": round(flattery[0], 4),
        "flattery_band": (round(flattery[1], 4), round(flattery[2], 4)),
        "flatters": flattery[1] > 0,
        "gaps": _gaps(where, by, elsewhere),
    }


def _gaps(where: tuple[str, str, str], by: dict[int, dict[str, Any]], elsewhere: dict[Any, dict[str, float]]) -> list[OwnGap]:
    """The band is over initial states, each the mean over runs that were tried from it in both."""
    found: list[OwnGap] = []
    for domain in by_reality({key[4] for key in elsewhere if key[:3] == where}):
        apart: dict[str, list[float]] = defaultdict(list)
        for seed, tried in by.items():
            there = elsewhere.get((*where, seed, domain), {})
            for state, success in enumerate(tried["own"]["approach"]):
                if str(state) in there:
                    apart[str(state)].append(success - there[str(state)])
        if len(apart) > 1:
            value, low, high = band_of(np.array([np.mean(each) for each in apart.values()]))
            gap: OwnGap = {
                "domain": domain,
                "value": round(value, 4),
                "band": (round(low, 4), round(high, 4)),
                "states": len(apart),
            }
            found.append(gap)
    return found


def drawn(said: Report) -> Drawn:
    """The domains of all gaps, which are the table's last columns."""
    return {"elsewhere": by_reality({gap["domain"] for row in said["own_worlds"] for gap in row["gaps"]})}


def rows(said: Report) -> Rows:
    """One row per approach, task and place, with two columns of a band and one of a value for each gap."""
    names = """approach task location runs states distinct success baseline_success uplift uplift=uplift_band uplift_shared
    flattery flattery=flattery_band flatters"""
    elsewhere = drawn(said)["elsewhere"]
    return [
        columns(row, names) | {key: value for domain in elsewhere for key, value in _columns(row, domain).items()}
        for row in said["own_worlds"]
    ]


def _columns(row: OwnWorldRow, domain: str) -> dict[str, object]:
    gap = next((gap for gap in row["gaps"] if gap["domain"] == domain), {"value": None, "band": None})
    return columns(gap, f"gap_{domain}=value gap_{domain}=band")
