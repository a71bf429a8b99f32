"""Where specs name each other: every place that holds an id, and what giving one another name changes."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from compiler.fix.edits import scalar
from compiler.laws.subject import LISTS
from compiler.project.project import Project
from compiler.reading.nodes import find
from compiler.reading.source import MAX_BYTES, Source, SpanPath, read_source, value_at
from compiler.reading.spec_files import FOLDERS, SINGLE, SUFFIXES, file_of
from compiler.spec.base import is_id
from runtime.bound.trial_mapping import TrialMapping

_COMPARED = "approach over order.* controls.*"
_VALUES = {
    "stage": "study.targets.* approach.inputs.*.* approach.controls.*.inputs.*.* gate.stage",
    "location": "study.sets.*.* trials.fixed.location trials.rename.location.*",
    "task": "trials.fixed.task trials.rename.task.*",
    "approach": "study.baseline approach.extends approach.row.substitute gate.approach trials.fixed.approach "
    "trials.rename.approach.* "
    + " ".join(f"study.{claim}.{key}" for claim in ("claims.*", "claims.*.parts.*") for key in _COMPARED.split()),
}
_KEYS = {
    "gate": "study.waivers.gates.*",
    "claim": "study.claims.* study.waivers.claims.*",
    "control": "approach.controls.*",
    "approach": "trials.arms.*",
    "stage": "study.stages.* location.stages.* task.stages.* approach.stages.* approach.inputs.* "
    "approach.controls.*.stages.* approach.controls.*.inputs.*",
}
"""Kind of what is named -> paths of the values (of the keys) that name it, below the kind of file, `*` for any step."""
_PATTERNS = {
    **{tuple(f"study.{key}.*".split(".")): (kind, False) for key, kind in LISTS.items()},
    **{tuple(path.split(".")): (kind, False) for kind, paths in _VALUES.items() for path in paths.split()},
    **{tuple(path.split(".")): (kind, True) for kind, paths in _KEYS.items() for path in paths.split()},
}
_OWN = {"claim": "study", "control": "approach"}
"""What is named within one file alone -> the kind of that file."""


@dataclass(frozen=True)
class Name:
    """Something that has an id: a spec, a stage, or within a spec (`of`) a claim or a control."""

    kind: str
    id: str
    of: str = ""


@dataclass(frozen=True)
class Mention:
    """A stretch `[start, end)` of a file's text that names something; an arm's name holds more, before or after the id."""

    source: Source
    start: int
    end: int
    before: str = ""
    after: str = ""


class CannotRename(Exception):
    """Why something cannot have another name."""


def named_by(kind: str, path: SpanPath, *, key: bool = False) -> str | None:
    """What the value (or the key) at a path of a kind of file names: a kind of spec, a stage, a claim or a control."""
    here = (kind, *map(str, path))
    for pattern, (named, is_key) in _PATTERNS.items():
        if len(pattern) == len(here) and is_key == key and all(p in ("*", step) for p, step in zip(pattern, here, strict=True)):
            return named
    return None


def name_at(kind: str, own: str, path: SpanPath, value: object, *, key: bool) -> Name | None:
    """What is named at a path of a spec; of a file's own `title` that is the file itself."""
    if path[:1] == ("title",) and kind in FOLDERS:
        return Name(kind, own)
    named, word = named_by(kind, path, key=key), path[-1] if key and path else value_at(value, path)
    if named is None or not isinstance(word, str):
        return None
    base, _, arm = word.partition("~")
    if named == "approach" and arm:
        return Name("approach", base)
    return Name(named, word, own if named in _OWN else "")


def mentions(project: Project, name: Name) -> Iterator[Mention]:
    """Every place that names it: in specs, and in mappings of imported trials."""
    for kind, own, source in _sources(project, name):
        for pattern, (named, key) in _PATTERNS.items():
            of_arm = name.kind == "control" and named == "approach"
            if pattern[0] == kind and (of_arm or (named == name.kind and name.of in ("", own))):
                for path, word in _at(source.value, pattern[1:], (), key):
                    base, _, arm = word.partition("~")
                    around = None
                    if of_arm:
                        around = (f"{base}~", "") if (base, arm) == (name.of, name.id) else None
                    elif word == name.id:
                        around = ("", "")
                    elif name.kind == "approach" and arm and base == name.id:
                        around = ("", f"~{arm}")
                    stretch = _stretch(source, path, key) if around else None
                    if around and stretch:
                        yield Mention(source, *stretch, *around)


def renamed(project: Project, name: Name, to: str, files: bool = True) -> tuple[dict[str, list[tuple[Mention, str]]], str, str]:
    """Edits by file that give something another name, and the name of its file before and after ("" where that stays).

    Args:
        project: the project as it is.
        name: what is renamed.
        to: its new id.
        files: whether its file still has its old name.

    Raises:
        CannotRename: when the new name is none, or is taken, when a file that may name it cannot be read, or when what is
            named has no name of its own to change.
    """
    if name.kind == "stage":
        raise CannotRename("a stage has the name of its function: rename that, and its artifacts are made again")
    if not is_id(to):
        raise CannotRename(f"`{to}` is not an id: lower-case letters, digits and `-`, at most 63")
    unread = next((source.name for _, _, source in _sources(project, name) if source.value is None), None)
    if files and unread is not None:
        raise CannotRename(f"`{unread}` cannot be read, and may name it: mend that first")
    edits: dict[str, list[tuple[Mention, str]]] = {}
    for mention in mentions(project, name):
        edits.setdefault(mention.source.name, []).append((mention, _written(mention, to)))
    if name.kind not in FOLDERS:
        taken = {m.source.text[m.start : m.end] for m in mentions(project, Name(name.kind, to, name.of))}
        if taken:
            raise CannotRename(f"there is a {name.kind} `{to}` already")
        return edits, "", ""
    known = project.sources.get((name.kind, name.id))
    if known is None:
        raise CannotRename(f"there is no {name.kind} `{name.id}`")
    if known.name == SINGLE:
        raise CannotRename(f"`{SINGLE}` is the project's one study; move it to `specs/studies/NAME.yaml` to give it a name")
    after = os.path.splitext(file_of(name.kind, to))[0] + os.path.splitext(known.name)[1]
    if files and ((name.kind, to) in project.sources or (project.root / after).exists()):
        raise CannotRename(f"there is a {name.kind} `{to}` already")
    return edits, known.name, after


def _written(mention: Mention, to: str) -> str:
    """The new word in the place of a mention, in the quotes that it has."""
    word, quote = f"{mention.before}{to}{mention.after}", mention.source.text[mention.start]
    return f"{quote}{word}{quote}" if quote in "'\"" else scalar(word)


def _at(value: object, pattern: tuple[str, ...], path: SpanPath, key: bool) -> Iterator[tuple[SpanPath, str]]:
    """Path and word of every text that a pattern fits."""
    if not pattern:
        word = path[-1] if key else value
        if isinstance(word, str):
            yield path, word
        return
    step, rest = pattern[0], pattern[1:]
    if isinstance(value, dict):
        for name in value if step == "*" else (step,) if step in value else ():
            yield from _at(value[name], rest, (*path, name), key)
    elif isinstance(value, list) and step == "*":
        for i, item in enumerate(value):
            yield from _at(item, rest, (*path, i), key)


def _stretch(source: Source, path: SpanPath, key: bool) -> tuple[int, int] | None:
    """Where a text stands; None where that cannot be told."""
    root = source.spans.root
    node = find(root, path[:-1] if key else path) if root else None
    found = node.items.get(str(path[-1])) if key and node is not None and isinstance(node.items, dict) else node
    return (found.start, found.end) if found is not None and found.end > found.start else None


def _sources(project: Project, name: Name) -> Iterator[tuple[str, str, Source]]:
    kinds = {pattern[0] for pattern, (named, _) in _PATTERNS.items() if named in (name.kind, "approach")}
    for (kind, own), source in list(project.sources.items()):
        if kind in kinds and not source.prefix:  # an arm stands in its approach's file
            yield kind, own, source
    for source in _mappings(project):
        yield "trials", "", source


def _mappings(project: Project) -> Iterator[Source]:
    """Mappings of imported trials: YAML files in the project's folder and one below, that say what columns mean."""
    for folder in (project.root, *sorted(f for f in project.root.iterdir() if _may_hold(project, f))):
        for path in sorted(p for p in folder.iterdir() if p.suffix in SUFFIXES):
            if path.is_file() and not path.is_symlink() and path.stat().st_size < MAX_BYTES:
                source = read_source(path, path.relative_to(project.root).as_posix())
                if isinstance(source.value, dict) and _is_mapping(source.value):
                    yield source


def _may_hold(project: Project, folder: Path) -> bool:
    known = folder == project.store or folder.name.startswith(".") or folder.name in ("specs", "build", "schema")
    return not known and folder.is_dir() and not folder.is_symlink()


def _is_mapping(value: Mapping[str, object]) -> bool:
    return value.keys() <= TrialMapping.model_fields.keys() and bool({"columns", "arms", "fixed"} & value.keys())
