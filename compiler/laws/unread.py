"""Files below `specs/` that nobody reads, though somebody may believe so."""

import os
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

from compiler.diagnostics.diagnostic import Diagnostic, Span, closest
from compiler.laws.subject import Subject
from compiler.reading.spec_files import FOLDERS, SINGLE, SUFFIXES
from runtime.files import entries, is_litter
from runtime.problem import legible

SHOWN = 3
"""Names of one folder with the same fault that are told."""
LOOKS = 100
"""Folders that are looked into for specs, below one that is not read."""
ROOT = "specs"
_MOVE = "move it to the folder of its kind: locations, tasks, approaches, gates or studies"
_IDS = "a file's name is its id, one for each spec of a kind"


def unread_files(subject: Subject) -> Iterator[Diagnostic]:
    """R209: a file or folder below `specs/` is not read.

    Only where the whole project is checked. What file managers leave, and READMEs, are no matter.
    """
    if subject.only is not None:
        return
    root = subject.project.root
    yield from _of_folder(root, ROOT, {Path(SINGLE).name, *FOLDERS.values()})
    for folder in FOLDERS.values():
        yield from _of_folder(root, f"{ROOT}/{folder}", set())


def _of_folder(root: Path, folder: str, known: set[str]) -> Iterator[Diagnostic]:
    grouped: dict[str, list[str]] = {}
    with suppress(OSError):  # a folder that cannot be read was told when specs were
        for entry in entries(root / folder):
            if entry.name not in known and (help := _fault(folder, entry)):
                grouped.setdefault(help, []).append(entry.name)
    for help, names in grouped.items():
        names.sort()
        shown = ", ".join(f"`{legible(name)}`" for name in names[:SHOWN]) + (
            f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        )
        where = f"{folder}/{names[0]}" if len(names) == 1 else folder
        message = f"{shown} in `{folder}` {'is' if len(names) == 1 else 'are'} not read"
        yield Diagnostic("R209", message, Span(where), help=help, severity="warning")


def _fault(folder: str, entry: os.DirEntry[str]) -> str:
    """What to do about something that is not read; empty where that is as it should be."""
    name, top = entry.name, folder == ROOT
    is_spec = name.casefold().endswith(SUFFIXES)
    if is_litter(name):
        hidden = is_spec and not name.startswith(".#")  # Emacs locks a file by a link `.#NAME`
        return "names that begin with a dot are passed over: rename it if it is a spec, or remove it" if hidden else ""
    if not top and name.endswith(SUFFIXES):
        return ""
    if entry.is_dir(follow_symlinks=False):
        guess = closest(name, FOLDERS.values()) if top else None
        help = f"did you mean `{ROOT}/{guess}`?" if guess else _MOVE if top else f"move its specs to `{folder}`: {_IDS}"
        return help if _holds_specs(entry) else ""
    if top:
        help = f"did you mean `{SINGLE}`?" if closest(Path(name).stem, ("study",)) else _MOVE
        return help if is_spec else ""
    if is_spec:
        return "write the suffix in small letters: `.yaml`"
    return "" if name.casefold().startswith("readme") else "specs are called NAME.yaml: rename it, or keep it outside of `specs/`"


def _holds_specs(folder: os.DirEntry[str]) -> bool:
    looked = islice(os.walk(folder.path), LOOKS)
    return any(name.casefold().endswith(SUFFIXES) for _, _, names in looked for name in names)
