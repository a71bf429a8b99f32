"""Context: what policies and world models were shown besides, and whether it matters to what they foretell."""

from pathlib import Path
from typing import Any, Literal

from runtime.report.drawing import Rows
from runtime.report.drawing.csv import columns
from runtime.report.forms.context import ContextRow
from runtime.report.forms.report import Report
from runtime.report.study import Study
from runtime.store.manifest import parent_of, read_manifest


def contexts(study: Study) -> list[ContextRow]:
    """A row for each approach, task and place whose demos or world model were given photos that were found again, or whose world
    model begins from several looks."""
    rows: dict[tuple[str, ...], ContextRow] = {}
    for cell, folder in zip(study.cells, study.artifacts.trials, strict=True):
        where = cell.approach, cell.task, cell.location
        policy, world = parent_of(folder, "policy"), parent_of(folder, "world")
        demos = None if policy is None else parent_of(policy, "demos")
        for maker in (demos, world):
            found = None if maker is None else parent_of(maker, "context")
            if found is not None and (*where, "views") not in rows and (row := _views(where, found)):
                rows[*where, "views"] = row
        if world is not None and (*where, "past") not in rows and (row := _past(where, world)):
            rows[*where, "past"] = row
    return list(rows.values())


def _views(where: tuple[str, str, str], folder: Path) -> ContextRow | None:
    found = read_manifest(folder)["metrics"]
    band = found.get("gain_low_db"), found.get("gain_high_db")
    return _row(where, "retrieved views", found["frames"], found.get("gain_db"), band, "dB")


def _past(where: tuple[str, str, str], folder: Path) -> ContextRow | None:
    manifest = read_manifest(folder)
    found = manifest["metrics"]
    band = found.get("history_low_mm"), found.get("history_high_mm")
    return _row(where, "past frames", manifest["params"].get("looks", 0), found.get("history_gain_mm"), band, "mm")


def _row(
    where: tuple[str, str, str],
    kind: Literal["retrieved views", "past frames"],
    frames: int,
    gain: float | None,
    band: tuple[Any, Any],
    unit: Literal["dB", "mm"],
) -> ContextRow | None:
    """None where it was not measured."""
    if gain is None:
        return None
    approach, task, location = where
    low, high = band
    what = "held-out photos are" if unit == "dB" else "held-out attempts are"
    if low > 0:
        said = f"the context is used: shuffled, {what} foretold {gain:.2f} {unit} worse [{low:.2f}, {high:.2f}]"
    else:
        said = f"the context is unused: shuffled, {what} foretold {gain:.2f} {unit} worse, maybe none [{low:.2f}, {high:.2f}]"
    return {
        "approach": approach,
        "task": task,
        "location": location,
        "kind": kind,
        "frames": frames,
        "gain": gain,
        "band": (low, high),
        "unit": unit,
        "used": low > 0,
        "said": said,
    }


def rows(said: Report) -> Rows:
    """One row per context."""
    return [columns(row, "approach task location kind frames gain band unit used said") for row in said["context"]]
