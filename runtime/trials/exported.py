"""Exported trials of one study: a small Parquet file that holds all that its figures are made of, and where they come from.

Rows are trials; what a study says of itself stands as JSON in the file's metadata. A reader needs no store: `again` is how the
trial ended when it was run a second time, from which it follows anew whether a domain's trials pair.
"""

import hashlib
import io
import json
import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Annotated, Any

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import Field, StringConstraints, ValidationError

from runtime.bound.base import Bound
from runtime.bound.cell import Cell
from runtime.bound.frame import PriorRange, StudyFrame
from runtime.bound.imported import ImportedSet
from runtime.report.forms.looks import Sequential
from runtime.stats.table.pairing import Shared
from runtime.stats.table.table import DATED, KEY, dated, rows
from runtime.trials.fault import TrialsRefused, Where, refusal
from runtime.trials.records import parquet_table

FORMAT = 2
READ = (1, FORMAT)
"""Formats that are read; the first one had no `factors`."""
METADATA, SEAL = b"simkiln.export", b"simkiln.export.sha256"
"""Keys of the file's metadata: what the study says as JSON, and the SHA-256 of that."""
LATER = ("protocol", "factors")
COLUMNS = pa.schema(
    [*(f for f in DATED if f.name not in LATER), ("protocol", pa.string()), ("again", pa.bool_()), ("factors", pa.string())]
)
"""`protocol` is the digest of how a trial was run, empty where nobody said; `again` is null for one that ran once, `factors`
(what varied in it, as JSON) where nobody said."""
BEFORE = pa.schema([field for field in COLUMNS if field.name != "factors"])
"""Columns of format 1."""
NULLABLE = ("steps", "day", "again", "factors")
LONGEST = 4 * 2**20
"""Bytes of metadata that are read."""
EXPORT_AGAIN = "`simkiln trials export STUDY` makes it again, where the study was built"

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Made(Bound):
    """One stage among those that the trials come from."""

    version: int
    """Its version, the same for all of its artifacts."""
    backends: dict[str, str] = Field(default_factory=dict)
    """Role -> name and version of its back end."""
    artifacts: tuple[str, ...] = ()
    """Fingerprints, of those that made trials or joined them."""


class Facts(Bound):
    """What a study says of the trials that it exports."""

    format: int = FORMAT
    """Of the file."""
    frame: StudyFrame
    """The study: its id, its baseline, the level of its bands, what second runs may differ by."""
    approaches: tuple[str, ...]
    """Ids of the approaches, in the order of the study's tables."""
    priors: dict[str, PriorRange]
    """Approach -> uplift expected beforehand, in points."""
    shared_training: bool
    """Whether one training run serves all locations."""
    stages: dict[str, Made]
    """Stage -> what its artifacts below the trials were made by."""
    protocols: dict[str, dict[str, tuple[str, ...]]]
    """Domain -> task -> digests of the protocols that trials followed; an empty one where nobody said."""
    fixed: tuple[tuple[str, str], ...] = ()
    """(approach, domain) whose seeds are repetitions with one policy."""
    same_policies: tuple[tuple[str, str, str, int, tuple[str, ...]], ...] = ()
    """(domain, location, task, seed index, approaches) that tried one and the same policy there."""
    placebos: tuple[str, ...] = ()
    """Placebos whose runs count as further runs of the baseline."""
    worlds: tuple[tuple[str, str, str], ...] = ()
    """(location, task, world model) where all trials in the world model ran in one and the same."""
    clean_of: dict[str, str] = Field(default_factory=dict)
    """Approach -> the one that it perturbs."""
    sequential: Sequential | None
    """What interim looks stopped."""
    imported: tuple[ImportedSet, ...]
    """Imported sets whose trials are among these."""
    repeated: tuple[ImportedSet, ...]
    """Imported sets of second runs."""
    revision: str | None
    """Commit of the project that was checked out at the export; null outside of git."""
    trials: int
    """Rows."""
    rows_sha256: Digest
    """SHA-256 over the rows, whatever their order."""


@dataclass(frozen=True)
class Exported:
    """An export that was read. `table` has `COLUMNS` and is sorted by `KEY`; `name` is how messages call the file."""

    name: str
    facts: Facts
    table: pa.Table

    def shared(self) -> Shared:
        """Which approaches tried the very same policies."""
        found: dict[tuple[str, str, str, int], list[list[str]]] = defaultdict(list)
        for domain, location, task, seed, approaches in self.facts.same_policies:
            found[domain, location, task, seed].append(list(approaches))
        return found


def rows_of(table: pa.Table, again: pa.Table) -> pa.Table:
    """A study's joined table of trials as rows of an export.

    Args:
        table: as the stage `uplift` writes it.
        again: second runs, with the columns `KEY` and `success`.
    """
    second = dict(zip(rows(again, *KEY), again["success"].to_pylist(), strict=True))
    said = table["protocol"].to_pylist() if "protocol" in table.column_names else [""] * table.num_rows
    columns = {name: column for name, column in zip(DATED.names, dated(table).columns, strict=True)}
    columns |= {
        "protocol": pa.array(["" if one is None else one for one in said], pa.string()),
        "again": pa.array([second.get(key) for key in rows(table, *KEY)], pa.bool_()),
    }
    return pa.Table.from_arrays([columns[name] for name in COLUMNS.names], schema=COLUMNS)


def protocols_of(table: pa.Table) -> dict[str, dict[str, tuple[str, ...]]]:
    """Domain -> task -> digests of protocols, sorted."""
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for domain, task, protocol in sorted(set(rows(table, "domain", "task", "protocol"))):
        tasks = found.setdefault(domain, {})
        tasks[task] = (*tasks.get(task, ()), protocol)
    return found


def digest_of_rows(table: pa.Table) -> str:
    """SHA-256 (hex) over the rows, which does not depend on their order; `table` has the columns of its format."""
    lines = sorted(json.dumps(row) for row in rows(table, *table.column_names))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def pack(facts: Facts, table: pa.Table) -> bytes:
    """The file's bytes: zstd, dictionaries, and no more of a schema than Parquet has itself."""
    content = io.BytesIO()
    with pq.ParquetWriter(content, COLUMNS, compression="zstd", compression_level=9, store_schema=False) as writer:
        writer.write_table(table)
        said = facts.model_dump_json().encode()
        writer.add_key_value_metadata({METADATA: said, SEAL: hashlib.sha256(said).hexdigest()})
    return content.getvalue()


def unpack(content: bytes, name: str) -> Exported:
    """Read an export; whoever wrote it, nothing in it is executed or followed.

    Raises:
        TrialsRefused: T501, T505 or T512 as for any file of trials; T518 when it is no export of ours, or damaged.
    """
    hint = "`simkiln trials export` makes files that join; other files of trials go through `simkiln trials import`"
    try:
        table = parquet_table(content, name)
    except TrialsRefused as refused:
        if refused.faults[0].code != "T502":
            raise
        raise refusal("T518", f"`{name}` is no export of a study's trials: it is no Parquet file", hint, Where(name)) from refused
    about = table.schema.metadata or {}
    said = about.get(METADATA)
    if said is None:
        raise refusal("T518", f"`{name}` is no export of a study's trials", hint, Where(name))
    try:
        if hashlib.sha256(said).hexdigest().encode() != about.get(SEAL):
            raise ValueError("what it says of its study is not what was exported")
        facts = _facts(said)
        _refuse_odd(facts, table)
    except ValueError as error:
        raise refusal("T518", f"the export `{name}` cannot be used: {error}", EXPORT_AGAIN, Where(name)) from error
    if "factors" not in table.column_names:
        table = table.append_column(COLUMNS.field("factors"), pa.nulls(table.num_rows, pa.string()))
    return Exported(name, facts, table.replace_schema_metadata(None).sort_by([(key, "ascending") for key in KEY]))


def _facts(said: bytes) -> Facts:
    """Raises ValueError for what is not the metadata of an export, in a few words."""
    if len(said) > LONGEST:
        raise ValueError("what it says of its study is too long")
    try:
        return Facts.model_validate_json(said)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        if first["loc"] == ():
            raise ValueError("what it says of its study is no JSON") from None
        raise ValueError(f"its `{'.'.join(map(str, first['loc']))}`: {first['msg'].lower()}") from None


def _refuse_odd(facts: Facts, table: pa.Table) -> None:
    """Raises ValueError when rows are not those that were exported, or hold what no study's trials can."""
    if facts.format not in READ:
        raise ValueError(f"it has format {facts.format}, this simkiln reads {' and '.join(map(str, READ))}")
    columns = COLUMNS if facts.format == FORMAT else BEFORE
    if not table.schema.remove_metadata().equals(columns):
        raise ValueError("its columns are not those of an export")
    empty = [name for name in columns.names if name not in NULLABLE and table[name].null_count]
    if empty:
        raise ValueError(f"`{empty[0]}` is empty in some rows")
    if (facts.trials, facts.rows_sha256, facts.protocols) != (table.num_rows, digest_of_rows(table), protocols_of(table)):
        raise ValueError("its rows are not those that were exported")
    if not all(0 <= score <= 1 for score in table["score"].to_pylist()):
        raise ValueError("a score is not within 0 and 1")
    if "factors" in columns.names and not all(map(_said, table["factors"].unique().to_pylist())):
        raise ValueError("`factors` of a trial are no names with numbers or words")
    if twice := [key for key, count in Counter(rows(table, *KEY)).items() if count > 1]:
        raise ValueError(f"{len(twice)} trials come twice")
    try:
        found = {cell.approach for cell in cells_of(facts, table)}
    except ValidationError:
        raise ValueError("an approach, location, task, seed or domain is none") from None
    if odd := sorted(found - set(facts.approaches)):
        raise ValueError(f"it does not list the approach `{odd[0]}` of its own trials")


def _said(cell: str | None) -> bool:
    """Whether these are factors as a trial says them."""
    try:
        found: object = {} if cell is None else json.loads(cell)
    except (ValueError, RecursionError):
        return False
    values: list[Any] = list(found.values()) if isinstance(found, dict) else [None]
    return all(isinstance(v, str) or (type(v) in (int, float) and math.isfinite(v)) for v in values)


def cells_of(facts: Facts, table: pa.Table) -> list[Cell]:
    """The cells that have trials, approaches in the study's order."""
    fields = KEY[:-1]
    found = [Cell.model_validate(dict(zip(fields, row, strict=True))) for row in dict.fromkeys(rows(table, *fields))]
    return sorted(found, key=lambda cell: facts.approaches.index(cell.approach) if cell.approach in facts.approaches else -1)
