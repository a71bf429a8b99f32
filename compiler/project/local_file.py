"""What is said of this machine's file, `simkiln.local.yaml`: whether it is this machine's at all, and of its store."""

import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Literal

from compiler.diagnostics.diagnostic import Diagnostic, Note, Span
from compiler.project.git import git
from compiler.project.project import LOCAL_FILE, Project
from compiler.reading.source import Source
from runtime.store.marker import no_store, remedy, stranger

CI = "CI"
"""Services of continuous integration set this variable, and so can anybody who runs what a stranger wrote."""
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
    """R230 where the store's folder holds what is somebody else's."""
    try:
        odd = stranger(project.store, SEEN)
    except OSError:  # what reads or writes there will say so
        return
    if odd is not None:
        span = source.spans.value(("store",)) if source is not None else None
        shown = os.path.relpath(project.store, project.root)
        yield Diagnostic("R230", no_store(shown, odd), span or Span(LOCAL_FILE), help=remedy(odd))


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
