"""Films of typical trials: for every place, approach and domain a success and a failure, beside the success rate.

The films were chosen and written by `evaluate` (runtime/sim/trials/rollouts.py), one pair for each training seed. Here the
seed is chosen whose success rate is nearest to the median over seeds: neither the luckiest run is shown nor the worst.
"""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from statistics import median
from typing import Any

from PIL import Image

from runtime.bound.cell import Cell
from runtime.bound.frame import StudyFrame
from runtime.report.drawing.pictures import embed, figure
from runtime.report.drawing.words import by_reality

OUTCOMES = ("success", "failure")
SAID = ("seed", "initial_state", "failure_mode", "steps", "seconds", "score")
INDEX = "typical.json"
SHEET_PX = 960
"""Width of a sheet of frames: what paper shows in place of a film."""
Key = tuple[str, str, str, str]
"""(location, task, approach, domain)"""


def films(
    frame: StudyFrame,
    cells: Sequence[Cell],
    trials: Sequence[Path],
    evidence: Mapping[str, Any],
    most_locations: int,
    most_kib: int,
) -> dict[str, Any]:
    """What the page shows of trials, and which cells it has no room for.

    Args:
        frame: the study.
        cells: its cells.
        trials: their evaluations, in the same order.
        evidence: what the trials say, for rates.
        most_locations: locations that get films, in the study's order.
        most_kib: what films, posters and sheets may take in the page, KiB; the first cell that does not fit and all
            after it are left out and named.

    Returns:
        `rooms` (a location and task each, with `rows` of approaches and their `cells` by domain), `left_out`
        (locations with the cells that are not shown) and their number, `kib` (what was taken) and `most_kib`.
    """
    found: dict[Key, list[tuple[int, Path]]] = {}
    for cell, folder in zip(cells, trials, strict=True):
        found.setdefault((cell.location, cell.task, cell.approach, cell.domain), []).append((cell.seed, folder))
    pictured = set(frame.locations[:most_locations])
    rates = {(r["location"], r["task"], r["approach"], r["domain"]): r for r in evidence["rates"]}
    domains = by_reality(sorted({key[3] for key in found}))
    order = {name: i for i, name in enumerate((*frame.locations, *frame.tasks, *frame.approaches))}
    keys = sorted(found, key=lambda k: (*(order.get(name, len(order)) for name in k[:3]), domains.index(k[3])))
    shown: dict[Key, dict[str, Any]] = {}
    left_out: list[Key] = []
    taken, full = 0, False
    for key in keys:
        if key[0] not in pictured or full:
            left_out.append(key)
            continue
        made = _cell(key, found[key], evidence["cells"], rates.get(key))
        size = sum(len(uri) for film in made["films"] for uri in _uris(film))
        if taken + size > 1024 * most_kib:
            full = True
            left_out.append(key)
        else:
            taken += size
            shown[key] = made
    return {
        "rooms": list(_rooms(shown)),
        "left_out": list(_grouped(left_out, shown)),
        "cells_left_out": len(left_out),
        "kib": round(taken / 1024, 1),
        "most_kib": most_kib,
    }


def film_rows(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every film that is shown, one row each, for a table: which trial it is and where in the store it lies."""
    return [
        {
            "location": room["location"],
            "task": room["task"],
            "approach": row["approach"],
            "domain": cell["domain"],
            "outcome": film["outcome"],
            **{k: film[k] for k in SAID},
            "source": film["video"]["source"],
        }
        for room in said["films"]["rooms"]
        for row in room["rows"]
        for cell in row["cells"]
        for film in cell["films"]
    ]


def _cell(
    key: Key, runs: Sequence[tuple[int, Path]], rated: Sequence[Mapping[str, Any]], rate: Mapping[str, Any] | None
) -> dict[str, Any]:
    by_seed = {
        row["seed"]: row["value"] for row in rated if (row["location"], row["task"], row["approach"], row["domain"]) == key
    }
    middle = median(by_seed.values()) if by_seed else 0.0
    nearest = sorted(runs, key=lambda run: abs(by_seed.get(run[0], middle) - middle))
    made = [film for outcome in OUTCOMES if (film := _film(nearest, outcome)) is not None]
    return {
        "domain": key[3],
        "value": rate["value"] if rate else None,
        "band": rate["band"] if rate else None,
        "trials": rate["trials"] if rate else 0,
        "seeds": len(runs),
        "films": made,
    }


def _film(runs: Sequence[tuple[int, Path]], outcome: str) -> dict[str, Any] | None:
    """The first run's film that ended so; None where none did."""
    from runtime.coverage.video import read_video

    for seed, folder in runs:
        path, index = folder / "rollouts" / f"{outcome}.mp4", folder / "rollouts" / INDEX
        said = json.loads(index.read_text()).get(outcome) if index.is_file() else None
        if said is None or not path.is_file():
            continue
        root = folder.parent.parent
        frames, _ = read_video(path)
        content = base64.b64encode(path.read_bytes()).decode("ascii")
        video = {
            "source": path.relative_to(root).as_posix(),
            "uri": f"data:video/mp4;base64,{content}",
            "width": frames.shape[2],
            "height": frames.shape[1],
        }
        return {
            "outcome": outcome,
            "seed": seed,
            "initial_state": said["initial_state"],
            "steps": said["steps"],
            "failure_mode": said["failure_mode"],
            "score": round(said["score"], 4),
            "seconds": round(said["steps"] / said["fps"], 2),
            "video": video,
            "poster": embed(Image.fromarray(frames[-1]), frames.shape[2]),
            "sheet": figure(path.with_suffix(".png"), root, outcome, SHEET_PX),
        }
    return None


def _uris(film: Mapping[str, Any]) -> Iterator[str]:
    return (film[part]["uri"] for part in ("video", "poster", "sheet"))


def _rooms(shown: Mapping[Key, dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for (location, task), here in groupby(shown, key=lambda k: k[:2]):
        rows = [
            {"approach": approach, "cells": [shown[key] for key in own]} for approach, own in groupby(here, key=lambda k: k[2])
        ]
        yield {"location": location, "task": task, "rows": rows}


def _grouped(left_out: Sequence[Key], shown: Mapping[Key, Any]) -> Iterator[dict[str, Any]]:
    """Locations with their cells that are not shown; `whole` where nothing of the location is."""
    partly = {key[0] for key in shown}
    for location, own in groupby(left_out, key=lambda k: k[0]):
        cells = [{"task": task, "approach": approach, "domain": domain} for _, task, approach, domain in own]
        yield {"location": location, "whole": location not in partly, "cells": cells}
