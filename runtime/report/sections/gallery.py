"""Which pictures stand for a location: its photos, its splat, its twin, its clips."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runtime.bound.cell import Cell
from runtime.bound.frame import StudyFrame
from runtime.report.drawing.pictures import clip_sheets, photos, sheets


@dataclass(frozen=True)
class Artifacts:
    """Folders that a report is built from. Lists follow the study's locations, its cells for trials, its training
    runs for curves."""

    captures: list[Path] = field(default_factory=list)
    splats: list[Path] = field(default_factory=list)
    twins: list[Path] = field(default_factory=list)
    clips: list[Path] = field(default_factory=list)
    trials: list[Path] = field(default_factory=list)
    """Of each cell its first batch, of which there is always one."""
    curves: list[Path] = field(default_factory=list)
    later: list[tuple[Cell, Path]] = field(default_factory=list)
    """Further batches of trials, each with its cell."""


def gallery(frame: StudyFrame, found: Artifacts, most_locations: int) -> list[dict[str, Any]]:
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
        rooms.append({"location": location, "groups": groups})
    return rooms


def _root(folder: Path) -> Path:
    return folder.parent.parent
