"""Films of typical trials: for every place, approach and domain a success and a failure, beside the success rate.

The films were chosen and written by `evaluate` (runtime/sim/trials/rollouts.py), one pair for each training seed. Here the
seed is chosen whose success rate is nearest to the median over seeds: neither the luckiest run is shown nor the worst.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from statistics import median
from typing import Literal

import numpy as np
from PIL import Image

from runtime.bound.domain import Domain
from runtime.report.drawing import Rows
from runtime.report.drawing.csv import columns
from runtime.report.drawing.pictures import data_uri, embed, figure, source
from runtime.report.drawing.words import by_reality
from runtime.report.forms.evidence import CellRow, RateRow
from runtime.report.forms.films import OUTCOMES, CellName, Film, FilmedCell, FilmedRow, Films, LeftOut, Room, Video
from runtime.report.forms.pictures import Embedded
from runtime.report.forms.report import Report
from runtime.report.study import Study

INDEX = "typical.json"
LARGE = "-large.mp4"
"""What follows the outcome in the name of a film for people."""
SHEET_PX = 960
"""Width of a sheet of frames: what paper shows in place of a film."""
Key = tuple[str, str, str, Domain]
"""(location, task, approach, domain)"""


def films(study: Study) -> Films:
    """What the page shows of trials, and which cells it has no room for.

    Locations follow the study, those beyond `most_pictured` are left out. The first cell that does not fit into
    `films_kib` and all after it are left out and named.
    """
    evidence, most_kib = study.evidence, study.films_kib
    found: dict[Key, list[tuple[int, Path]]] = {}
    for cell, folder in zip(study.cells, study.artifacts.trials, strict=True):
        found.setdefault((cell.location, cell.task, cell.approach, cell.domain), []).append((cell.seed, folder))
    pictured = set(study.locations[: study.most_pictured])
    rates = {(r["location"], r["task"], r["approach"], r["domain"]): r for r in evidence["rates"]}
    domains = by_reality(sorted({key[3] for key in found}))
    order = {name: i for i, name in enumerate((*study.locations, *study.frame.tasks, *study.approaches))}
    shown: dict[Key, FilmedCell] = {}
    left_out: list[Key] = []
    taken, full = 0, False
    for key in sorted(found, key=lambda k: (*(order.get(name, len(order)) for name in k[:3]), domains.index(k[3]))):
        if key[0] not in pictured or full:
            left_out.append(key)
            continue
        made = _cell(key, found[key], evidence["cells"], rates.get(key))
        parts = [part for film in made["films"] for part in (film["video"], film["large"], film["poster"], film["sheet"]) if part]
        size = sum(len(part.get("uri", "")) for part in parts)
        full = taken + size > 1024 * most_kib
        if full:
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


def rows(said: Report) -> Rows:
    """Every film that is shown, one row each: which trial it is and where in the store it lies."""
    names = "location task approach domain outcome seed initial_state failure_mode steps seconds score source"
    return [
        columns({**room, **row, **cell, **film, **film["video"]}, names)
        for room in said["films"]["rooms"]
        for row in room["rows"]
        for cell in row["cells"]
        for film in cell["films"]
    ]


def _cell(key: Key, runs: Sequence[tuple[int, Path]], rated: Sequence[CellRow], rate: RateRow | None) -> FilmedCell:
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


def _film(runs: Sequence[tuple[int, Path]], outcome: Literal["success", "failure"]) -> Film | None:
    """The first run's film that ended so; None where none did."""
    from runtime.coverage.video import read_video

    for seed, folder in runs:
        path, index = folder / "rollouts" / f"{outcome}.mp4", folder / "rollouts" / INDEX
        said = json.loads(index.read_text()).get(outcome) if index.is_file() else None
        if said is None or not path.is_file():
            continue
        frames, _ = read_video(path)
        poster, large = _poster(path.with_suffix(".webp"), frames), path.with_name(f"{outcome}{LARGE}")
        return {
            "outcome": outcome,
            "seed": seed,
            "initial_state": said["initial_state"],
            "steps": said["steps"],
            "failure_mode": said["failure_mode"],
            "score": round(said["score"], 4),
            "seconds": round(said["steps"] / said["fps"], 2),
            "video": _video(path, folder, frames.shape[2], frames.shape[1]),
            "large": _video(large, folder, poster["width"], poster["height"]) if large.is_file() else None,
            "poster": poster,
            "sheet": figure(path.with_suffix(".png"), folder, outcome, SHEET_PX),
        }
    return None


def _video(path: Path, folder: Path, width: int, height: int) -> Video:
    return {"source": source(path, folder), "uri": data_uri("video/mp4", path.read_bytes()), "width": width, "height": height}


def _poster(large: Path, frames: np.ndarray) -> Embedded:
    """How it ended, drawn again for people; the film's last frame where nobody did."""
    if not large.is_file():
        return embed(Image.fromarray(frames[-1]), frames.shape[2])
    with Image.open(large) as picture:
        return {"uri": data_uri("image/webp", large.read_bytes()), "width": picture.width, "height": picture.height}


def _rooms(shown: Mapping[Key, FilmedCell]) -> Iterator[Room]:
    for (location, task), here in groupby(shown, key=lambda k: k[:2]):
        rows: list[FilmedRow] = [
            {"approach": approach, "cells": [shown[key] for key in own]} for approach, own in groupby(here, key=lambda k: k[2])
        ]
        yield {"location": location, "task": task, "rows": rows}


def _grouped(left_out: Sequence[Key], shown: Mapping[Key, FilmedCell]) -> Iterator[LeftOut]:
    """Locations with their cells that are not shown; `whole` where nothing of the location is."""
    partly = {key[0] for key in shown}
    for location, own in groupby(left_out, key=lambda k: k[0]):
        cells: list[CellName] = [{"task": task, "approach": approach, "domain": domain} for _, task, approach, domain in own]
        yield {"location": location, "whole": location not in partly, "cells": cells}
