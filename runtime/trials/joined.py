"""Imported trials beside those that a study made itself."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from runtime.problem import InputError, Problem
from runtime.spec.cell import Cell
from runtime.spec.imported import ImportedSet
from runtime.stats.table import KEY, dated
from runtime.trials.listing import FOLDER


def with_imported(
    table: pa.Table, cells: Sequence[Cell], imported: Sequence[ImportedSet], root: Path
) -> tuple[pa.Table, list[Cell]]:
    """The study's trials and those of imported sets in one table (`DATED`), and its cells with theirs.

    Args:
        table: as `runtime.stats.table.join` makes it.
        cells: what it stands for.
        imported: the sets that the study names.
        root: the project's folder.

    Raises:
        InputError: X429 when a set is not the one that was planned with; X430 when a trial comes twice.
    """
    parts = [dated(table), *(dated(_read(one, root), one.day) for one in imported)]
    joined = pa.concat_tables(parts).sort_by([(name, "ascending") for name in KEY])
    keys = Counter(zip(*(joined[name].to_pylist() for name in KEY), strict=True))
    twice = [key for key, count in keys.items() if count > 1]
    if twice:
        shown = ", ".join(f"{name} `{value}`" for name, value in zip(KEY, twice[0], strict=True))
        message = f"{len(twice)} trials are in two sets, or were made by this study as well, first {shown}"
        help_text = "leave one of the sets out, or name the day under `initial_state` for trials that were repeated"
        raise InputError(Problem("X430", message, help_text, "imported"))
    fields = ("approach", "location", "task", "seed", "domain")
    found = dict.fromkeys(zip(*(joined[name].to_pylist() for name in fields), strict=True))
    known = set(cells)
    more = [Cell.model_validate(dict(zip(fields, row, strict=True))) for row in found]
    return joined, [*cells, *(cell for cell in more if cell not in known)]


def _read(one: ImportedSet, root: Path) -> pa.Table:
    try:
        content = (root / FOLDER / one.name / "trials.parquet").read_bytes()
        if hashlib.sha256(content).hexdigest() != one.sha256:
            raise OSError("it was imported anew since planning")
        return pq.read_table(BytesIO(content))
    except (OSError, pa.ArrowException) as error:
        why = getattr(error, "strerror", None) or str(error).splitlines()[0]
        message = f"imported trials `{one.name}` cannot be read: {why.lower()}"
        raise InputError(Problem("X429", message, "plan again", "imported")) from error
