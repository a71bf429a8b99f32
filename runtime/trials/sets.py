"""Imported sets: `trials/NAME/` with `trials.parquet` and `manifest.json`, which says what they were read from."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from runtime.bound.trial_mapping import TrialMapping
from runtime.files import read_file
from runtime.trials.duplicates import duplicates, outcomes_of
from runtime.trials.fault import Fault, TrialsRefused, Where, refusal
from runtime.trials.listing import FOLDER, FORMAT, LARGEST_SET, read_manifest, set_names
from runtime.trials.pairing import pairing_notes, twice
from runtime.trials.polaris import with_poses
from runtime.trials.read import read_bytes, read_raw
from runtime.trials.rows import TRIAL_SCHEMA, convert
from runtime.trials.sheet import Sheet, mapping_of

PLURALS = {"approach": "approaches", "location": "locations", "task": "tasks", "domain": "domains", "seed": "seeds"}


@dataclass(frozen=True)
class TrialSet:
    """An imported set."""

    name: str
    manifest: Mapping[str, Any]
    table: pa.Table


def gather(
    files: Sequence[tuple[str, Path]], by: TrialMapping | Sheet, conditions: tuple[str, Path] | None = None
) -> tuple[pa.Table, list[dict[str, Any]], list[str], TrialMapping]:
    """Trials of several files.

    Args:
        files: how messages and the manifest call each file, and its path.
        by: how their columns become trials: a mapping, or the sheet that they are filled-in copies of.
        conditions: PolaRiS' initial conditions, from which their episodes began.

    Returns:
        The trials, a record (name, sha256, bytes, trials) of each file, what is to be said, and the mapping.

    Raises:
        TrialsRefused: with every mistake of the first file that has any; T513 when a trial comes twice.
    """
    tables, records, notes = [], [], []
    mapping = by if isinstance(by, TrialMapping) else TrialMapping()
    if mapping.preferences is not None:
        message = "a mapping with `preferences` reads comparisons of two approaches, not trials"
        raise refusal("T508", message, "`simkiln trials prefer FILE --mapping MAP.yaml` ranks them", key=("preferences",))
    for name, path in files:
        content = read_bytes(path, name)
        raw = read_raw(content, name, mapping)
        if conditions:
            raw = with_poses(raw, read_bytes(conditions[1], conditions[0]), conditions[0])
        if isinstance(by, Sheet):
            mapping = mapping_of(by, raw)
        table, said = convert(raw, mapping)
        tables.append(table)
        digest = hashlib.sha256(content).hexdigest()
        records.append({"name": name, "sha256": digest, "bytes": len(content), "trials": table.num_rows})
        notes += said
    same = {r["sha256"]: r["name"] for r in reversed(records)}
    repeated = [(r["name"], same[r["sha256"]], r["sha256"][:12]) for r in records if same[r["sha256"]] != r["name"]]
    if repeated:
        messages = [(f"`{name}` and `{first}` are the same file (sha256 {digest}…)", name) for name, first, digest in repeated]
        raise TrialsRefused(*(Fault("T514", message, "name each file once", Where(name)) for message, name in messages))
    table = pa.concat_tables(tables)
    if table.num_rows == 0:
        raise refusal("T501", "no trial took place", "fill in `success`", Where(files[0][0]))
    _refuse_twice(table)
    return table, records, [*dict.fromkeys(notes), *pairing_notes(table)], mapping


def refuse_known(name: str, table: pa.Table, records: Sequence[Mapping[str, Any]], known: Sequence[TrialSet]) -> None:
    """Refuse outcomes that another set holds already.

    Raises:
        TrialsRefused: T514 with the evidence: the same file, the same trials, or the same outcomes under other names.
    """
    faults = []
    for other in known:
        files = {r["sha256"]: r["name"] for r in other.manifest["files"]}
        for r in records:
            if r["sha256"] in files:
                earlier = f"as `{files[r['sha256']]}` of `{other.name}` (sha256 {r['sha256'][:12]}…)"
                hint = f"use `{other.name}`, or import it again with `--name {other.name} --replace`"
                faults.append(Fault("T514", f"`{r['name']}` was imported before, {earlier}", hint, Where(r["name"])))
    if not faults:
        earlier = [s for other in known for s in outcomes_of(other.name, other.table)]
        for found in duplicates(outcomes_of(name, table), earlier):
            odds = "less than 1 in 10^300" if found.chance == 0 else f"at most {found.chance:.1g}"
            message = f"{found.first} repeats {found.second}: the same {found.trials} outcomes {found.order}"
            message += f", but for {found.changed}" if found.changed else ""
            hint = "import them once, or say why they are different trials with `--same-outcomes-because REASON`"
            faults.append(Fault("T514", message, f"by accident the chance is {odds}; {hint}", Where(*found.at)))
    if faults:
        raise TrialsRefused(*faults)


def write_set(
    root: Path,
    name: str,
    table: pa.Table,
    records: Sequence[Mapping[str, Any]],
    notes: Sequence[str],
    mapping: TrialMapping,
    reason: str = "",
    today: date | None = None,
) -> Path:
    """Write a set whole, or not at all; one of that name is replaced.

    The manifest says the day of the import (`today`, by default that in UTC). The same trials imported again under the
    same name keep the day of the first time: nothing new is known.

    Raises:
        OSError: when the folder cannot be written.
    """
    parent = root / FOLDER
    parent.mkdir(exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{name}.", dir=parent))
    try:
        # Sets without factors stay, byte for byte, what they were before trials had any.
        known = [n for n in table.column_names if n != "factors" or table[n].null_count < table.num_rows]
        pq.write_table(table.select(known), fresh / "trials.parquet")
        digest = digest_of(fresh / "trials.parquet")
        manifest = {
            "format": FORMAT,
            "name": name,
            "title": mapping.title,
            "source": mapping.source,
            "files": list(records),
            "trials": table.num_rows,
            **{plural: sorted(set(table[field].to_pylist())) for field, plural in PLURALS.items()},
            "seeds_count": mapping.seeds,
            "notes": list(notes),
            "same_outcomes_because": reason,
            "mapping": mapping.model_dump(mode="json", exclude_defaults=True),
            "sha256": digest,
            "imported": _first_imported(root, name, digest) or (today or datetime.now(UTC).date()).isoformat(),
        }
        (fresh / "manifest.json").write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        target = parent / name
        old = None
        if target.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{name}.", dir=parent)) / "old"
            os.rename(target, old)
        os.chmod(fresh, 0o755)
        os.rename(fresh, target)
        if old is not None:
            shutil.rmtree(old.parent, ignore_errors=True)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    return target


def read_set(root: Path, name: str) -> TrialSet:
    """An imported set.

    Raises:
        TrialsRefused: T515 when it is not there, or not what was written.
    """
    folder = root / FOLDER / name
    shown = f"{FOLDER}/{name}"
    if name not in set_names(root):
        message, known = f"there is no set of trials `{name}`", tuple(set_names(root))
        raise TrialsRefused(Fault("T515", message, word=name, known=known, what="sets"))
    try:
        manifest = read_manifest(root, name)
        content = read_file(folder / "trials.parquet", LARGEST_SET)
        if manifest["sha256"] != hashlib.sha256(content).hexdigest():
            raise ValueError("its trials are not those that were imported")
        return TrialSet(name, manifest, _with_day(pq.read_table(BytesIO(content))))
    except (OSError, ValueError, pa.ArrowException) as error:
        message = f"`{shown}` is damaged: {str(error).splitlines()[0][:200]}"
        raise refusal("T515", message, "import it again with `--replace`", Where(shown)) from error


def _with_day(table: pa.Table) -> pa.Table:
    """Sets from before trials had factors or days get empty columns."""
    for name in ("factors", "day"):
        if name not in table.column_names:
            place = TRIAL_SCHEMA.get_field_index(name)
            table = table.add_column(place, name, pa.nulls(table.num_rows, pa.string()))
    return table


def _first_imported(root: Path, name: str, digest: str) -> str | None:
    """Day on which these very trials were imported under this name before."""
    if name not in set_names(root):
        return None
    with suppress(OSError, ValueError):
        old = read_manifest(root, name)
        return old.get("imported") if old["sha256"] == digest else None
    return None


def digest_of(path: Path) -> str:
    """SHA-256 (hex) of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _refuse_twice(table: pa.Table) -> None:
    repeated = twice(table)
    if not repeated:
        return
    faults = []
    for (approach, location, task, seed, domain, state), places in repeated:
        (file, row), second = places[:2]
        trial = f"`{approach}` at `{location}`, task `{task}`, seed {seed}, `{domain}`: initial state `{state}`"
        hint = "name what tells these trials apart under `columns.initial_state` or `columns.seed`"
        faults.append(Fault("T513", f"{trial} comes {len(places)} times, first in {file}:{row}", hint, Where(*second)))
    raise TrialsRefused(*faults)
