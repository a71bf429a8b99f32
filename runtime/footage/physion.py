"""Physion's stimuli and their outcomes, from names and its two tables alone; standard library only.

The layout is that of downloads which cogtoolslab/physics-benchmarking-neurips2021 names: `Physion.zip` (PhysionTest-Core) holds
`SCENARIO/mp4s-redyellow/NAME-redyellow_NNNN_img.mp4` and `labels.csv`; `PhysionTrainMP4s.tar.gz` holds
`SCENARIO_readout_MP4s/NAME_NNNN_img.mp4`, whose outcomes are in `data/readout_labels.csv` of that repository. Both tables have a
column without a name, the stimulus, and `ground truth outcome`, `True` or `False`: whether the red object ever touches the yellow
one. The test's has `_img` at the end of a stimulus, the other has not.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from runtime.bound.footage import Physion
from runtime.files import read_file
from runtime.footage.unfit import Unfit

OUTCOME = "ground truth outcome"
TABLES = {"test": "labels.csv", "readout": "readout_labels.csv"}
SEEN_IN, READOUT = "mp4s-redyellow", "_readout_MP4s"
SCENARIO = re.compile(r"[A-Za-z]{1,40}")
"""Collide, Contain, Dominoes, Drape, Drop, Link, Roll, Support; names of metrics are made of them."""
MOST_BYTES = 2**24


@dataclass(frozen=True)
class Stimulus:
    """One video: its name below the folder, what it is for, its scenario, and whether red touches yellow."""

    name: str
    part: Literal["readout", "test"]
    scenario: str
    contact: bool


def stimuli(said: Physion, files: Mapping[str, Path]) -> tuple[list[Stimulus], list[str]]:
    """All stimuli, in the order of their names, and the names of both tables.

    Args:
        files: name below the folder -> path, as `runtime.footage.files.listed` gives it.

    Raises:
        Unfit: X522: a part or a table is not there, cannot be read, or has no outcome of a stimulus.
    """
    where = {part: [n for n in files if PurePosixPath(n).name == table] for part, table in TABLES.items()}
    videos = sorted(_videos(files))
    items: list[Stimulus] = []
    for part, tables in where.items():
        mine = [(name, scenario) for name, of, scenario in videos if of == part]
        if len(tables) != 1 or not mine:
            holds = f"`SCENARIO{READOUT}/*.mp4`" if part == "readout" else f"`SCENARIO/{SEEN_IN}/*.mp4`"
            lacks = f"holds {len(tables) or 'no'} `{TABLES[part]}`" if mine else f"holds no {holds}"
            raise _unfit(said, lacks)
        outcomes = dict(_outcomes(said, tables[0], files[tables[0]]))
        for name, scenario in mine:
            if (of := _stimulus(PurePosixPath(name).stem)) not in outcomes:
                raise _unfit(said, f"has no outcome of `{name}` in `{tables[0]}`")
            items.append(Stimulus(name, "readout" if part == "readout" else "test", scenario, outcomes[of]))
    asked, fitted = ({one.scenario for one in items if one.part == part} for part in ("test", "readout"))
    if lacking := sorted(asked - fitted):
        raise _unfit(said, f"holds no `{lacking[0]}{READOUT}`, which the read-out of that scenario is fitted on")
    return [one for one in items if one.scenario in asked], [name for tables in where.values() for name in tables]


def _videos(files: Mapping[str, Path]) -> Iterator[tuple[str, str, str]]:
    """Name, part and scenario."""
    for name in files:
        *_, above, folder, file = ("", "", *PurePosixPath(name).parts)
        part, scenario = ("test", above) if folder == SEEN_IN else ("readout", folder.removesuffix(READOUT))
        if file.lower().endswith(".mp4") and (part == "test" or scenario != folder) and SCENARIO.fullmatch(scenario):
            yield name, part, scenario


def _stimulus(name: str) -> str:
    """What a stimulus is called in either table, without marks of its rendering."""
    return name.replace("-redyellow", "").removesuffix("_img")


def _outcomes(said: Physion, name: str, path: Path) -> Iterator[tuple[str, bool]]:
    try:
        rows = list(csv.reader(io.StringIO(read_file(path, MOST_BYTES).decode("utf-8-sig"))))
    except (OSError, ValueError, csv.Error) as error:
        raise _unfit(said, f"has a `{name}` that cannot be read: {str(error)[:80]}") from None
    if not rows or [cell.strip() for cell in rows[0]] != ["", OUTCOME]:
        raise _unfit(said, f"has a `{name}` whose columns are not a stimulus without a name and `{OUTCOME}`")
    for number, row in enumerate(rows[1:], 2):
        if row and (len(row) != 2 or row[1] not in ("True", "False")):
            raise _unfit(said, f"has no outcome, `True` or `False`, in row {number} of `{name}`")
        if row:
            yield _stimulus(row[0]), row[1] == "True"


def _unfit(said: Physion, lacks: str) -> Unfit:
    help = "`Physion.zip` and `PhysionTrainMP4s.tar.gz`, unpacked, and `readout_labels.csv` (docs/nsca.md)"
    return Unfit("X522", f"`{said.path}` {lacks}", help, "physion.path")
