"""The table of trials: one row per episode, joined from many evaluations and checked before anything is computed."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from runtime.bound.cell import Cell
from runtime.problem import InputError, Problem

_TYPES = {"seed": pa.int64(), "success": pa.bool_(), "score": pa.float64(), "steps": pa.int64()}
_NAMES = "location task approach seed domain initial_state success score failure_mode steps protocol factors".split()
SCHEMA = pa.schema([(name, _TYPES.get(name, pa.string())) for name in _NAMES])
"""Columns of a joined table. `score` is 0..1, `failure_mode` empty on success, `initial_state` an id, `protocol` a digest of how
the trial was made and judged (empty for one that was imported), `factors` what varied in it: a JSON object
of names with units, null where nobody said (`runtime.stats.table.factors`)."""
OPTIONAL = ("factors",)
"""Columns that a table may lack: tables of before had none."""

DATED = pa.schema([*SCHEMA, ("day", pa.string())])
"""The same with the day of each trial (ISO 8601). Null: the study made the trial, and its artifact says when."""

KEY = ("approach", "location", "task", "seed", "domain", "initial_state")
"""Columns that together name one trial."""


def join(tables: Sequence[pa.Table], cells: Sequence[Cell], parts: Sequence[int] = ()) -> pa.Table:
    """One table of all trials; the cells fill in the names that an evaluation, shared by content, leaves open.

    Args:
        tables: one table of trials per evaluation, those of a cell one after another.
        cells: what the tables stand for, in their order.
        parts: how many tables each cell has, where its trials came in batches; by default one. A later batch may be
            empty, because a comparison had stopped.

    Returns:
        A table with `SCHEMA`, sorted by `KEY`.

    Raises:
        InputError: when tables and cells do not match in number, a cell comes twice, a table is empty, lacks a column,
            holds rows of another cell, or names a trial twice.
    """
    problems: list[Problem] = []
    if len(tables) != (sum(parts) or len(cells)) or len(parts) not in (0, len(cells)):
        raise InputError(Problem("X421", f"{len(tables)} tables of trials for {len(cells)} cells", "plan again"))
    tables = _whole(tables, parts)
    for cell, count in Counter(cells).items():
        if count > 1:
            problems.append(Problem("X422", f"cell {_name(cell)} comes {count} times", "name each cell once", "cells"))
    parts = []
    for table, cell in zip(tables, cells, strict=True):
        found = _problems_of(table, cell)
        problems += found
        if not found:
            parts.append(_filled(table, cell))
    if problems:
        raise InputError(*problems)
    if not parts:
        return SCHEMA.empty_table()
    return pa.concat_tables(parts).sort_by([(name, "ascending") for name in KEY])


def apart(cells: Sequence[Cell], parts: Sequence[int], trials: Sequence[Path]) -> tuple[list[Path], list[tuple[Cell, Path]]]:
    """The first batch of each cell, which always holds some trials, and all further ones with the cell that each belongs to.

    Args:
        cells: the study's cells.
        parts: how many batches each has; empty where each has one.
        trials: their folders, those of a cell one after another.

    Raises:
        ValueError: when the numbers do not match.
    """
    counts = list(parts) or [1] * len(cells)
    if len(counts) != len(cells) or sum(counts) != len(trials):
        raise ValueError(f"{len(trials)} batches for {len(cells)} cells")
    first, later, at = [], [], 0
    for cell, count in zip(cells, counts, strict=True):
        first.append(trials[at])
        later += [(cell, folder) for folder in trials[at + 1 : at + count]]
        at += count
    return first, later


def _whole(tables: Sequence[pa.Table], parts: Sequence[int]) -> list[pa.Table]:
    """One table for each cell."""
    rest, whole = iter(tables), []
    for count in parts:
        batches = [next(rest) for _ in range(count)]
        try:
            whole.append(pa.concat_tables([b for b in batches if b.num_rows] or batches[:1]))
        except pa.ArrowException as error:
            message = f"batches of one cell do not have the same columns: {str(error).splitlines()[0]}"
            raise InputError(Problem("X423", message, "evaluate again")) from error
    return whole or list(tables)


def read(paths: Sequence[Path]) -> list[pa.Table]:
    """Tables of trials from Parquet files.

    Raises:
        InputError: when one cannot be read.
    """
    tables = []
    for path in paths:
        try:
            tables.append(pq.read_table(path))
        except (OSError, pa.ArrowException) as error:
            message = f"trials of {path.parent.name} cannot be read: {error}"
            raise InputError(Problem("X427", message, "build them again")) from error
    return tables


def rows(table: pa.Table, *names: str) -> Iterator[tuple]:
    """The values of these columns, row by row."""
    return zip(*(table[name].to_pylist() for name in names), strict=True)


def dated(table: pa.Table, day: str | None = None) -> pa.Table:
    """A table of trials with the columns of `DATED`; `day` stands in where a trial does not say its own."""
    days = table["day"].to_pylist() if "day" in table.column_names else [None] * table.num_rows
    column = pa.array([day if own is None else own for own in days], pa.string())
    if "protocol" not in table.column_names:
        table = table.append_column("protocol", pa.array([""] * table.num_rows, pa.string()))
    for name in OPTIONAL:
        if name not in table.column_names:
            table = table.append_column(name, pa.nulls(table.num_rows, SCHEMA.field(name).type))
    return table.select(SCHEMA.names).cast(SCHEMA).append_column("day", column)


def _name(cell: Cell) -> str:
    return f"`{cell.approach}` at `{cell.location}`, task `{cell.task}`, seed {cell.seed}, `{cell.domain}`"


def _problems_of(table: pa.Table, cell: Cell) -> list[Problem]:
    lacking = [name for name in SCHEMA.names if name not in (*table.column_names, *OPTIONAL, "approach")]
    if lacking:
        return [Problem("X423", f"trials of {_name(cell)} lack the columns `{'`, `'.join(lacking)}`", "evaluate again")]
    if table.num_rows == 0:
        return [Problem("X424", f"no trials in {_name(cell)}", "raise the number of trials", "trials")]
    wanted = {"location": cell.location, "task": cell.task, "seed": cell.seed, "domain": cell.domain}
    problems = []
    for column, value in wanted.items():
        odd = {v for v in table[column].unique().to_pylist() if v not in (value, "", None)}
        if odd:
            problems.append(Problem("X425", f"trials of {_name(cell)} hold `{column}` {sorted(odd)!r}", "do not mix cells"))
    states = Counter(str(v) for v in table["initial_state"].to_pylist())
    twice = sorted(s for s, count in states.items() if count > 1)
    if twice:
        message = f"{len(twice)} initial states come twice in {_name(cell)}, first `{twice[0]}`"
        problems.append(Problem("X426", message, "one trial per initial state"))
    return problems


def _filled(table: pa.Table, cell: Cell) -> pa.Table:
    count = table.num_rows
    names = {name: [getattr(cell, name)] * count for name in ("approach", "location", "task", "seed", "domain")}
    names["initial_state"] = [str(v) for v in table["initial_state"].to_pylist()]
    names |= {name: [None] * count for name in OPTIONAL if name not in table.column_names}
    columns = [
        pa.array(names[f.name], f.type) if f.name in names else table[f.name].combine_chunks().cast(f.type) for f in SCHEMA
    ]
    return pa.Table.from_arrays(columns, schema=SCHEMA)
