"""Trials of a study that leave its store, and those of several studies side by side."""

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from compiler.trials.imported import diagnosed
from runtime.bound.cell import Cell, CellGrid, listed
from runtime.bound.frame import PriorRange, StudyFrame
from runtime.bound.imported import ImportedSet
from runtime.problem import InputError, Problem
from runtime.store.store import Store

if TYPE_CHECKING:
    import pyarrow as pa

    from runtime.report.forms.across import Across
    from runtime.trials.exported import Facts

Manifests = Mapping[tuple[str, str], Mapping[str, Any]]


class Asked(BaseModel):
    """What the stage that joined the trials was told, as far as an export needs it."""

    cells: CellGrid | list[Cell]
    study: StudyFrame
    priors: dict[str, PriorRange] = {}
    parts: list[int] = []
    imported: list[ImportedSet] = []
    repeated: list[ImportedSet] = []
    clean_of: dict[str, str] = {}
    shared_training: bool = False


def export_trials(store: Store, evidence: tuple[str, str], root: Path, revision: str | None) -> bytes:
    """The trials of a built study as the bytes of one file, from which its figures come out the same.

    Args:
        store: where everything is that the trials come from.
        evidence: address of the artifact that joined them.
        root: the project's folder, for imported sets of second runs.
        revision: commit of the project that is checked out.

    Raises:
        ImportRefused: when they are more than one file may hold.
        InputError: X443 when an artifact is absent or damaged; X444 when they are of mixed provenance; X449 when the file
            would give other figures than the study's own.
    """
    from runtime.report.recompute import differing, lineage, mixed
    from runtime.trials.across import evidence_of
    from runtime.trials.exported import pack, unpack

    manifests = lineage(store, evidence)
    if problems := list(mixed(manifests.values())):
        raise InputError(*problems)
    said = json.loads((store.path(*evidence) / "uplift.json").read_text())
    content = pack(*_gathered(store, evidence, manifests, said, root, revision))
    with diagnosed():
        found = json.loads(json.dumps(evidence_of(unpack(content, "the export"))))
    odd = differing(said, found)[1]
    if odd:
        path, old, new = odd[0]
        message = f"the trials give other figures than the study: {len(odd)} differ, first `{path}`: {old!r}, not {new!r}"
        raise InputError(Problem("X449", message, "`simkiln recompute` says more; build the study again"))
    return content


def write_export(path: Path, content: bytes, study: str) -> None:
    """Write an export whole, or not at all. An older one of the same study is replaced, no other file is.

    Raises:
        ValueError: when another file is there, or it cannot be written.
    """
    from runtime.trials.exported import unpack
    from runtime.trials.fault import TrialsRefused
    from runtime.trials.read import read_bytes

    known = None
    try:
        if path.exists():
            with suppress(TrialsRefused):
                known = unpack(read_bytes(path, path.name), path.name).facts.frame.id
            if known != study:
                raise ValueError(f"{path} is there already and is no export of `{study}`: name another file with `--out`")
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f".{path.name}.{os.urandom(4).hex()}")
        fresh.write_bytes(content)
        os.replace(fresh, path)
    except OSError as error:
        raise ValueError(f"{path} cannot be written: {(error.strerror or str(error)).lower()}") from error


def join_exports(files: Sequence[str], by: str | None = None) -> "Across":
    """Uplift of the studies behind exported files, each over its own baseline; see `runtime.trials.across`.

    Args:
        files: their paths.
        by: a factor under whose words rates and uplift are told as well.

    Raises:
        ImportRefused: when one is no export of ours, or they do not go together.
        ValueError: when trials do not say the factor.
    """
    from runtime.trials.across import across, by_factor
    from runtime.trials.exported import unpack
    from runtime.trials.read import read_bytes

    with diagnosed():
        exports = [unpack(read_bytes(Path(file), file), file) for file in dict.fromkeys(files)]
        found = across(exports)
    return {**found, "by": by_factor(exports, by)} if by is not None else found


def _gathered(
    store: Store, evidence: tuple[str, str], manifests: Manifests, said: Mapping[str, Any], root: Path, revision: str | None
) -> "tuple[Facts, pa.Table]":
    """What the study says of its trials, and their rows."""
    import pyarrow.parquet as pq

    from runtime.stats.table.determinism import second_runs
    from runtime.stats.table.pairing import fixed_of, placebos_of, runs_of, worlds_of
    from runtime.stats.table.table import apart
    from runtime.trials.exported import FORMAT, Facts, digest_of_rows, protocols_of, rows_of
    from runtime.trials.joined import with_repeated

    asked = Asked.model_validate(manifests[evidence]["params"])
    joined = pq.read_table(store.path(*evidence) / "trials.parquet")
    parents = [store.root / parent for parent in manifests[evidence]["parents"]["trials"]]
    cells = listed(asked.cells)
    own = second_runs(apart(cells, asked.parts, parents)[0], cells)
    table = rows_of(joined, with_repeated(own, asked.repeated, joined, root))
    facts = Facts(
        format=FORMAT,
        frame=asked.study,
        approaches=said["counts"]["approaches"],
        priors=asked.priors,
        shared_training=asked.shared_training,
        stages=_stages(evidence, manifests),
        protocols=protocols_of(table),
        fixed=tuple(sorted(fixed_of(joined))),
        same_policies=tuple((*at, tuple(group)) for at, groups in runs_of(joined).items() for group in groups),
        placebos=tuple(placebos_of(joined).get(str(asked.study.baseline), ())),
        worlds=tuple((location, task, model) for (location, task), model in worlds_of(joined).items()),
        clean_of=asked.clean_of,
        sequential=said["sequential"],
        imported=tuple(asked.imported),
        repeated=tuple(asked.repeated),
        revision=revision,
        trials=table.num_rows,
        rows_sha256=digest_of_rows(table),
    )
    return facts, table


def _stages(evidence: tuple[str, str], manifests: Manifests) -> dict[str, Any]:
    """Every stage below the trials: version, back ends, and the addresses of trials and of what joined them."""
    direct = {evidence, *(tuple(parent.split("/")) for parent in manifests[evidence]["parents"]["trials"])}
    found: dict[str, Any] = {}
    for (stage, fingerprint), manifest in manifests.items():
        backends = {role: f"{one['name']} {one['version']}" for role, one in manifest.get("backends", {}).items()}
        made = found.setdefault(stage, {"version": manifest["version"], "backends": {}, "artifacts": []})
        made["backends"] |= backends
        made["artifacts"] += [fingerprint] if (stage, fingerprint) in direct else []
    return found
