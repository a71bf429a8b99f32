"""Trials from elsewhere, with diagnostics at the line of the file or of the mapping that is to blame."""

import re
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compiler.diagnostics.diagnostic import Diagnostic, Span, did_you_mean
from compiler.reading.source import Source, read_source, split_lines
from compiler.shape.validate import validate
from runtime.bound.audit import MOST_CHOICES, PREFERENCES, Choices
from runtime.bound.domain import Domain
from runtime.bound.trial_mapping import TrialMapping
from runtime.trials.fault import Fault, TrialsRefused
from runtime.trials.listing import NAME, set_names

if TYPE_CHECKING:
    import pyarrow as pa

    from runtime.report.forms.ranking import Preferences
    from runtime.report.forms.reality import SimReal
    from runtime.stats.table.reproducible import Disagreement
    from runtime.trials.sheet import Sheet


class ImportRefused(Exception):
    """What is wrong with files of trials or with their mapping."""

    def __init__(self, diagnostics: Sequence[Diagnostic], origin: "Origin") -> None:
        super().__init__("; ".join(d.message for d in diagnostics))
        self.diagnostics, self.origin = list(diagnostics), origin


@dataclass(frozen=True)
class Origin:
    """The files that diagnostics name, for showing their lines."""

    files: dict[str, Path]

    def lines(self, name: str) -> list[str] | None:
        """The lines of a file that is text; None for any other."""
        path = self.files.get(name)
        try:
            content = path.read_bytes() if path and path.is_file() else b"\0"
        except OSError:
            return None
        if content.startswith((b"\xff\xfe", b"\xfe\xff")):
            return split_lines(content.decode("utf-16", errors="replace"))
        return None if b"\0" in content[:4096] else split_lines(content.decode("utf-8-sig", errors="replace"))


@dataclass(frozen=True)
class Imported:
    """A set of trials that was written."""

    name: str
    folder: Path
    table: "pa.Table"
    notes: list[str]


def import_trials(
    root: Path,
    files: Sequence[str],
    mapping: str | None,
    name: str | None = None,
    replace: bool = False,
    reason: str = "",
    key: str | None = None,
    conditions: str | None = None,
) -> Imported:
    """Read files of trials by a mapping, or a sheet by its key, and keep them in `trials/NAME/`.

    Args:
        root: the project's folder.
        files: paths as the person wrote them; messages and the manifest call them so.
        mapping: path of the mapping.
        name: of the set; by default the file name of the mapping or the sheet.
        replace: whether a set of that name may be replaced.
        reason: why outcomes that another set holds already are different trials; empty refuses them.
        key: path of a sheet's key, in the place of a mapping.
        conditions: path of PolaRiS' initial conditions.

    Raises:
        ImportRefused: with every diagnostic.
        ValueError: when the name is no name, or taken.
    """
    from runtime.trials.sets import gather, read_set, refuse_known, write_set

    by = mapping or key or ""
    origin = Origin({file: Path(file) for file in (*files, by, *filter(None, [conditions]))})
    name = name or re.sub(r"[^a-z0-9_-]+", "-", Path(mapping or files[0]).stem.lower()).strip("-_") or "trials"
    if not NAME.fullmatch(name):
        raise ValueError(f"`{name}` cannot name a set of trials: use small letters, digits, `-` and `_`")
    source = read_source(Path(mapping), mapping) if mapping else None
    found = _read_mapping(source, origin) if source else None
    others = [other for other in set_names(root) if other != name]
    if name in set_names(root) and not replace:
        raise ValueError(f"there is a set `{name}` already: `--replace` puts these trials in its place, `--name` adds a set")
    try:
        with diagnosed(origin, source):
            table, records, notes, found = gather(
                [(file, Path(file)) for file in files],
                found or _key(key or ""),
                (conditions, Path(conditions)) if conditions else None,
            )
            if not reason:
                refuse_known(name, table, records, [read_set(root, other) for other in others])
            folder = write_set(root, name, table, records, notes, found, reason)
    except OSError as error:
        raise ValueError(f"trials/{name} cannot be written: {(error.strerror or str(error)).lower()}") from error
    return Imported(name, folder, table, notes)


@contextmanager
def diagnosed(origin: Origin | None = None, mapping: Source | None = None) -> Generator[None]:
    """Raise what refuses trials as diagnostics."""
    try:
        yield
    except TrialsRefused as refused:
        raise ImportRefused([diagnose(f, mapping) for f in refused.faults], origin or Origin({})) from refused


def _key(path: str) -> "Sheet":
    from runtime.trials.read import read_bytes
    from runtime.trials.sheet import read_key

    return read_key(read_bytes(Path(path), path), path)


def compare_sets(root: Path, names: Sequence[str], baseline: str, level: float) -> dict[str, Any]:
    """What imported sets say about approaches, see `runtime.trials.compare`; all sets where none is named.

    Raises:
        ImportRefused: when one is not there, damaged, or they do not go together.
    """
    from runtime.trials.compare import compare
    from runtime.trials.sets import read_set

    with diagnosed():
        names = list(dict.fromkeys(names)) or set_names(root)
        if not names:
            raise TrialsRefused(Fault("T515", "no trials were imported yet", "`simkiln trials import FILE --mapping MAP.yaml`"))
        return compare([read_set(root, name) for name in names], baseline, level)


def compare_domains(
    root: Path, names: Sequence[str], built: Path | None, simulated: Domain, real: Domain, level: float
) -> "SimReal":
    """What one domain tells of another, see `runtime.trials.agree`.

    Args:
        root: the project's folder.
        names: imported sets; all where none is named and `built` is None.
        built: a study's own table of trials, taken together with the sets.
        simulated: domain, such as `twin`.
        real: domain, such as `irl`.
        level: confidence level of every band.

    Raises:
        ImportRefused: when a set is not there or damaged, or the domains have nothing in common.
        ValueError: when both domains are the same.
    """
    from runtime.trials.agree import sim_real
    from runtime.trials.compare import merge, with_built
    from runtime.trials.sets import read_set

    if simulated == real:
        raise ValueError(f"`{real}` cannot be compared with itself: name two domains")
    with diagnosed():
        names = list(dict.fromkeys(names)) or (set_names(root) if built is None else [])
        table = merge([read_set(root, name) for name in names]) if names else None
        table = table if built is None else with_built(table, built)
        if table is None:
            raise TrialsRefused(Fault("T515", "no trials were imported yet", "name a `--study`, or import trials"))
        return sim_real(table, simulated, real, level)


def run_twice(root: Path, first: str, second: str, level: float) -> "list[Disagreement]":
    """Disagreement by domain between two sets of the same trials, see `runtime.stats.table.reproducible`.

    Raises:
        ImportRefused: when a set is not there or damaged, or they have no trial in common.
    """
    from runtime.stats.table.invalid import without_invalid
    from runtime.stats.table.reproducible import disagreements
    from runtime.trials.sets import read_set

    with diagnosed():
        found = disagreements(*(without_invalid(read_set(root, name).table) for name in (first, second)), level)
        if not found:
            hint = "approach, location, task, seed, domain and initial state must be the same in both"
            raise TrialsRefused(Fault("T515", f"sets `{first}` and `{second}` have no trial in common", hint))
        return found


def rank_preferences(
    files: Sequence[str], mapping: str, level: float, root: Path | None = None, study: str = ""
) -> "Preferences":
    """Strengths of approaches from files of preferences, see `runtime.stats.ranking.preferences`; kept for the report of a study
    of the project at `root`, where it is given.

    Raises:
        ImportRefused: with every diagnostic.
        ValueError: when there is no such study, or they are too many to be kept.
    """
    from runtime.stats.ranking.preferences import preferences
    from runtime.trials.preferences import read_preferences

    origin = Origin({file: Path(file) for file in (*files, mapping)})
    source = read_source(Path(mapping), mapping)
    with diagnosed(origin, source):
        read = read_preferences([(file, Path(file)) for file in files], _read_mapping(source, origin))
        found = preferences(read, level)
    if root is not None:
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", study) or not any((root / "specs").rglob(f"{study}.yaml")):
            raise ValueError(f"no study `{study}` in specs/")
        if len(read) > MOST_CHOICES:
            raise ValueError(f"{len(read):,} comparisons are more than the {MOST_CHOICES:,} that a report may hold")
        kept = Choices(rows=tuple((one.first, one.second, one.won, one.judge) for one in read))  # ty: ignore[invalid-argument-type]
        path = root / PREFERENCES / f"{study}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(kept.model_dump_json() + "\n")
    return found


def _read_mapping(source: Source, origin: Origin) -> TrialMapping:
    diagnostics = list(source.diagnostics)
    found = None
    if source.value is not None:
        found, wrong = validate(TrialMapping, source)
        diagnostics += wrong
    if found is None or diagnostics:
        raise ImportRefused(diagnostics, origin)
    return found


def diagnose(fault: Fault, mapping: Source | None = None) -> Diagnostic:
    """A fault as a diagnostic: at its place in the file of trials, or at the mapping's line that is to blame."""
    if fault.where is not None:
        w = fault.where
        span = Span(w.file, w.line, w.col, w.line, w.end_col)
    elif mapping is not None and mapping.value is not None:
        span = mapping.spans.nearest(fault.key)
    else:
        span = Span("trials")
    asked = did_you_mean(fault.word, fault.known, fault.what) if fault.word else ""
    return Diagnostic(fault.code, fault.message, span, help="; ".join(filter(None, (asked, fault.help))))
