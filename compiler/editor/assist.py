"""What an editor shows at the cursor: hover, completion, and where a reference leads."""

import inspect
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from compiler.diagnostics.diagnostic import Span
from compiler.editor.cursor import Place, openings, place_at
from compiler.editor.fields import keys_at, meaning, values_at
from compiler.editor.names import named_by
from compiler.fix.edits import scalar
from compiler.project.project import Project
from compiler.reading.source import value_at
from compiler.reading.spec_files import FOLDERS, SINGLE, SUFFIXES
from compiler.shape.walk import Schema
from runtime.backend import available
from runtime.stage import load_stages

_MARKUP = re.compile(r"[\\`*_{}\[\]()<>#+!|~&:-]")


@dataclass(frozen=True)
class Item:
    """One thing that may be written in the place of the characters `[start, end)`."""

    label: str
    text: str
    role: Literal["key", "value", "reference"]
    start: int
    end: int
    about: str = ""


def kind_of_file(name: str) -> tuple[str, str] | None:
    """Kind and id of a spec by its project-relative name; None for any other file."""
    parts = Path(name).parts
    if name == SINGLE:
        return "study", "study"
    kinds = {folder: kind for kind, folder in FOLDERS.items()}
    if len(parts) == 3 and parts[0] == "specs" and parts[1] in kinds and Path(name).suffix in SUFFIXES:
        return kinds[parts[1]], Path(name).stem
    return None


def hover(project: Project, kind: str, text: str, offset: int) -> tuple[str, int, int] | None:
    """Markdown about the key or reference at an offset, and its stretch."""
    place = place_at(text, offset)
    if place is None:
        return None
    said = meaning(kind, place.path, place.value) if place.role == "key" else _referred(project, kind, place)
    return (said, place.start, place.end) if said else None


def complete(project: Project, kind: str, text: str, offset: int) -> list[Item]:
    """Keys that the mapping at an offset lacks, and values that may stand there."""
    found: list[Item] = []
    for place in openings(text, offset):
        if place.role == "key":
            found += _keys(kind, place, text)
        else:
            found += _values(project, kind, place)
    return found


def definition(project: Project, kind: str, text: str, offset: int) -> Span | None:
    """Where the spec or the stage that is named at an offset stands; a stage's file is absolute."""
    place = place_at(text, offset)
    if place is None:
        return None
    if place.role == "key":
        in_section = len(place.path) == 2 and place.path[0] in ("stages", "inputs")
        return _stage_file(str(place.path[1])) if in_section else None
    to, word = named_by(kind, place.path), value_at(place.value, place.path)
    if to is None or not isinstance(word, str):
        return None
    if to == "stage":
        return _stage_file(word)
    source = project.sources.get((to, word))
    return source.spans.top() if source is not None else None


def _keys(kind: str, place: Place, text: str) -> list[Item]:
    here = value_at(place.value, place.path)
    followed = text[place.end : place.end + 1] == ":"
    if place.path == ("backends",) and kind == "study":
        roles = sorted({role for stage in load_stages().values() for role in stage.backends})
        known: dict[str, Schema] = {role: {"type": "string"} for role in roles}
    elif (named := named_by(kind, (*place.path, "*"), key=True)) in ("gate", "claim") and place.path[0] == "waivers":
        listed = place.value.get(f"{named}s") if isinstance(place.value, dict) else None
        known = {name: {"type": "object"} for name in listed or () if isinstance(name, str)}
    else:
        known = keys_at(kind, place.path, place.value)
    items = []
    for name, schema in known.items():
        if not (isinstance(here, dict) and name in here):
            end = "" if followed else ":" if schema.get("type") == "object" else ": "
            about = meaning(kind, (*place.path, name), place.value) or ""
            items.append(Item(name, name + end, "key", place.start, place.end, about))
    return items


def _values(project: Project, kind: str, place: Place) -> list[Item]:
    to = named_by(kind, place.path)
    if to == "stage":
        fit = values_at(kind, place.path, place.value)  # what makes the artifact that a port takes
        said = {name: stage.doc.split("\n\n")[0] for name, stage in sorted(load_stages().items())}
        said = {name: about for name, about in said.items() if not fit or name in fit}
    elif to is not None:
        arms = project.arms if to == "approach" and (kind == "gate" or place.path[:1] == ("claims",)) else ()
        said = {name: _title(project, to, name) for name in (*project.ids(to), *arms)}
    elif kind == "study" and len(place.path) == 2 and place.path[0] == "backends":
        said = dict.fromkeys(available().get(str(place.path[1]), []), "")
    else:
        choices = values_at(kind, place.path, place.value)
        return [Item(word, word, "value", place.start, place.end) for word in choices]
    there = {item for item in _siblings(place) if isinstance(item, str)}
    fresh = {word: about for word, about in said.items() if word not in there}
    return [Item(word, scalar(word), "reference", place.start, place.end, about) for word, about in fresh.items()]


def _siblings(place: Place) -> list[object]:
    """The other items of the list that a value stands in."""
    if not place.path or not isinstance(place.path[-1], int):
        return []
    parent = value_at(place.value, place.path[:-1])
    return [item for i, item in enumerate(parent) if i != place.path[-1]] if isinstance(parent, list) else []


def _referred(project: Project, kind: str, place: Place) -> str | None:
    to, word = named_by(kind, place.path), value_at(place.value, place.path)
    if to is None or not isinstance(word, str):
        return None
    if to == "stage":
        stage = load_stages().get(word)
        return f"**stage `{word}`**\n\n{stage.doc.split(chr(10) * 2)[0]}" if stage else None
    title = _title(project, to, word)
    return f"**{to} `{word}`**: {title}\n\n`{project.source(to, word).name}`" if title else None


def _title(project: Project, kind: str, name: str) -> str:
    """The title of a spec, also of one that is out of shape; as Markdown that shows it as it is, without images."""
    source = project.sources.get((kind, name))
    title = source.value.get("title") if source is not None and isinstance(source.value, dict) else None
    return _MARKUP.sub(r"\\\g<0>", title) if isinstance(title, str) else ""


def _stage_file(name: str) -> Span | None:
    stage = load_stages().get(name)
    file = inspect.getsourcefile(stage.function) if stage else None
    if stage is None or file is None:
        return None
    line = inspect.getsourcelines(stage.function)[1]
    return Span(str(Path(file).resolve()), line, 1, line, 1)
