"""Which pictures stand for a location: its photos, its splat, its twin, its clips, and typical trials there."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runtime.report.pictures import clip_sheets, photos, sheets
from runtime.report.words import by_reality, domain
from runtime.spec.cell import Cell
from runtime.spec.frame import StudyFrame


@dataclass(frozen=True)
class Artifacts:
    """Folders that a report is built from. Lists follow the study's locations, or its cells for trials."""

    captures: list[Path] = field(default_factory=list)
    splats: list[Path] = field(default_factory=list)
    twins: list[Path] = field(default_factory=list)
    clips: list[Path] = field(default_factory=list)
    trials: list[Path] = field(default_factory=list)


def gallery(frame: StudyFrame, cells: Sequence[Cell], found: Artifacts, most_locations: int) -> list[dict[str, Any]]:
    """Per location: `groups` of figures, each with a heading. At most `most_locations`, in the study's order."""
    rooms = []
    tasks = max(1, len(frame.tasks))
    for i, location in enumerate(frame.locations[:most_locations]):
        groups: list[dict[str, Any]] = []

        def add(heading: str, figures: list[dict[str, Any]], layout: str, into: list[dict[str, Any]] = groups) -> None:
            if figures:
                into.append({"heading": heading, "layout": layout, "figures": figures})

        for folder in found.captures[i : i + 1]:
            add("Capture", photos(folder, _root(folder)), "small")
        for folder in found.splats[i : i + 1]:
            add("Splat", sheets(folder / "preview", _root(folder), "", 2, 900), "wide")
        for folder in found.twins[i * tasks : (i + 1) * tasks]:
            add("Twin", sheets(folder, _root(folder), "", 2, 640), "medium")
        for folder in found.clips[i : i + 1]:
            add("Coverage", clip_sheets(folder, _root(folder)), "wide")
        groups += _rollouts(location, cells, found.trials)
        rooms.append({"location": location, "groups": groups})
    return rooms


def _rollouts(location: str, cells: Sequence[Cell], trials: Sequence[Path]) -> list[dict[str, Any]]:
    """A success and a failure of each approach, first task and seed, in the most real domain that ran."""
    here = [(cell, folder) for cell, folder in zip(cells, trials, strict=True) if cell.location == location]
    if not here:
        return []
    where = by_reality([cell.domain for cell, _ in here])[0]
    first: dict[str, tuple[Cell, Path]] = {}
    for cell, folder in here:
        if cell.domain == where:
            first.setdefault(cell.approach, (cell, folder))
    groups = []
    for approach, (cell, folder) in first.items():
        found = sheets(folder / "rollouts", _root(folder), f"{domain(where)}, seed {cell.seed}", 2, 1536)
        if found:
            groups.append({"heading": "Trials", "approach": approach, "layout": "full", "figures": found})
    return groups


def _root(folder: Path) -> Path:
    return folder.parent.parent
