"""Imported trials beside those that a study made itself."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from runtime.bound.cell import Cell
from runtime.bound.imported import ImportedSet
from runtime.files import read_file
from runtime.problem import InputError, Problem
from runtime.stats.table.table import KEY, dated, rows
from runtime.trials.listing import FOLDER, LARGEST_SET


def with_imported(
    table: pa.Table, cells: Sequence[Cell], imported: Sequence[ImportedSet], root: Path
) -> tuple[pa.Table, list[Cell]]:
    """The study's trials and those of imported sets in one table (`DATED`), and its cells with theirs.

    Args:
        table: as `runtime.stats.table.table.join` makes it.
        cells: what it stands for.
        imported: the sets that the study names.
        root: the project's folder.

    Raises:
        InputError: X429 when a set is not the one that was planned with; X430 when a trial comes twice.
    """
    parts = [dated(table), *(dated(read_imported(one, root), one.day) for one in imported)]
    joined = pa.concat_tables(parts).sort_by([(name, "ascending") for name in KEY])
    fix = "leave one of the sets out, or list it under `repeated`, or name the day under `initial_state`"
    _refuse_twice(joined, "are in two sets, or were made by this study as well", fix, "imported")
    fields = ("approach", "location", "task", "seed", "domain")
    found = dict.fromkeys(rows(joined, *fields))
    known = set(cells)
    more = [Cell.model_validate(dict(zip(fields, row, strict=True))) for row in found]
    return joined, [*cells, *(cell for cell in more if cell not in known)]


def evaluated(imported: Sequence[ImportedSet], root: Path) -> set[tuple[str, str]]:
    """(approach, domain) of sets whose seeds are repetitions with one trained policy.

    Raises:
        InputError: X429 when a set is not the one that was planned with.
    """
    sets = [read_imported(one, root) for one in imported if one.seeds == "evaluation"]
    return {pair for table in sets for pair in rows(table, "approach", "domain")}


def with_repeated(again: pa.Table, repeated: Sequence[ImportedSet], table: pa.Table, root: Path) -> pa.Table:
    """Second runs of a study's own trials and those that were imported, with the columns `KEY` and `success`.

    Args:
        again: second runs that evaluations made.
        repeated: the sets that the study names.
        table: the trials that were run a first time.
        root: the project's folder.

    Raises:
        InputError: X429 when a set is not the one that was planned with; X430 when a trial was repeated by two of them;
            X446 when a set holds none of the trials.
    """
    parts, known = [again], set(rows(table, *KEY)) if repeated else set()
    for one in repeated:
        found = read_imported(one, root).select([*KEY, "success"]).cast(again.schema)
        if known.isdisjoint(rows(found, *KEY)):
            message = f"the set `{one.name}` repeats no trial of this study"
            fix = "approach, location, task, seed, domain and initial state must be those of trials that the study has"
            raise InputError(Problem("X446", message, fix, "repeated"))
        parts.append(found)
    joined = pa.concat_tables(parts)
    how = "were run a second time in two sets, or by this study as well"
    _refuse_twice(joined, how, "leave one of the sets out", "repeated")
    return joined


def read_imported(one: ImportedSet, root: Path) -> pa.Table:
    """The trials of a set.

    Raises:
        InputError: X429 when it is not the one that was planned with.
    """
    try:
        content = read_file(root / FOLDER / one.name / "trials.parquet", LARGEST_SET)
        if hashlib.sha256(content).hexdigest() != one.sha256:
            raise OSError("it was imported anew since planning")
        return pq.read_table(BytesIO(content))
    except (OSError, pa.ArrowException) as error:
        why = getattr(error, "strerror", None) or str(error).splitlines()[0]
        message = f"imported trials `{one.name}` cannot be read: {why.lower()}"
        raise InputError(Problem("X429", message, "plan again", "imported")) from error


def _refuse_twice(table: pa.Table, how: str, fix: str, where: str) -> None:
    keys = Counter(rows(table, *KEY))
    twice = [key for key, count in keys.items() if count > 1]
    if twice:
        shown = ", ".join(f"{name} `{value}`" for name, value in zip(KEY, twice[0], strict=True))
        message = f"{len(twice)} trials {how}, first {shown}"
        raise InputError(Problem("X430", message, fix, where))
