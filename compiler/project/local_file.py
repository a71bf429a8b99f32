"""What is said of this machine's file, `simkiln.local.yaml`: whether it is this machine's at all, and of its store."""

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Literal

from compiler.diagnostics.diagnostic import Diagnostic, Note, Span
from compiler.project.git import git
from compiler.project.project import LOCAL_FILE, Project
from compiler.reading.source import Source
from compiler.reading.spec_cache import write_quietly
from runtime.store.marker import is_store, no_store, remedy, stranger

CI = "CI"
"""Services of continuous integration set this variable, and so can anybody who runs what a stranger wrote."""
PLACE = "build/store.json"
SEEN = 64
"""Artifacts of each stage that are looked at in a folder without a marker; before anything is written, all are."""


def in_ci() -> bool:
    """Whether this runs where a stranger's branch may have brought every file."""
    return os.environ.get(CI, "").lower() not in ("", "0", "false", "no")


def believed(project: Project, source: Source) -> bool:
    """Whether the file counts: it does not in continuous integration where git tracks it, or cannot say that it does not.

    That git tracks it is a warning (R231) among the project's diagnostics.
    """
    answer = _tracked(project.root, _state_of_index(project.root)) if source.value else "no"
    if answer == "no" or (answer == "unknown" and not in_ci()):
        return True
    why = "is tracked by git" if answer == "yes" else "may be tracked: git does not say"
    message = f"`{LOCAL_FILE}` {why}, but its folders are those of one machine"
    notes = (Note(f"it is not read here, because `{CI}` is set"),) if in_ci() else ()
    help = f"run `git rm --cached {LOCAL_FILE}` and name it in .gitignore; in continuous integration, pass `--root NAME=DIR`"
    project.diagnostics.append(Diagnostic("R231", message, Span(LOCAL_FILE), notes, help, "warning"))
    return not in_ci()


def foreign_store(project: Project, source: Source | None) -> Iterator[Diagnostic]:
    """R230 where the store's folder holds what is somebody else's; R232 where its file system is away."""
    shown = os.path.relpath(project.store, project.root)
    try:
        if is_store(project.store):
            return
        odd, mount, trouble = stranger(project.store, SEEN), _unmounted(project), ""
    except OSError as error:
        odd, mount, trouble = None, None, (error.strerror or str(error)).lower()
    span = (source.spans.value(("store",)) if source is not None else None) or Span(LOCAL_FILE)
    if odd is not None:
        yield Diagnostic("R230", no_store(shown, odd), span, help=remedy(odd))
    elif mount is not None:
        help = f"mount it; to begin a new store on this disk, remove {PLACE}"
        yield Diagnostic("R232", f"`{shown}` is empty, for what was mounted at {mount} is not any more", span, help=help)
    elif trouble:
        help = "see that its file system is mounted, and that you may read it"
        yield Diagnostic("R232", f"`{shown}` cannot be read: {trouble}", span, help=help)


def remember_place(project: Project) -> None:
    """Remember which mount holds the store, so that its empty mount point is never taken for a new store."""
    mount = _mount_of(project.store)
    if mount != _mount_of(project.root):
        write_quietly(project.root / PLACE, json.dumps({"store": os.path.abspath(project.store), "mount": mount}))


def _unmounted(project: Project) -> str | None:
    with suppress(OSError, ValueError, KeyError, TypeError):
        known = json.loads((project.root / PLACE).read_bytes())
        if known["store"] == os.path.abspath(project.store) and not os.path.ismount(known["mount"]):
            return str(known["mount"])
    return None


def _mount_of(folder: Path) -> str:
    path = os.path.realpath(folder)
    while not os.path.ismount(path):
        path = os.path.dirname(path)
    return path


@lru_cache(16)
def _tracked(root: Path, _index: tuple[int, int] | None) -> Literal["yes", "no", "unknown"]:
    if not any(os.path.lexists(folder / ".git") for folder in (root, *root.parents)):
        return "no"
    try:
        code = git(root, "ls-files", "--error-unmatch", "--", LOCAL_FILE).code
    except ValueError:
        return "unknown"
    return "yes" if code == 0 else "no" if code == 1 else "unknown"


def _state_of_index(root: Path) -> tuple[int, int] | None:
    """Changes when git's index does, so that an editor need not ask git at every key."""
    try:
        found = os.stat(root / ".git" / "index")
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino
