"""Specs as they were read last, for who loads a project again and again: only what changed is read and validated anew."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from compiler.diagnostics.diagnostic import Diagnostic
from compiler.reading.source import Source
from compiler.spec.base import Spec


class Read(NamedTuple):
    """One file: as read, as typed where it is in shape, and what is wrong with its shape."""

    source: Source
    spec: Spec | None
    wrong: list[Diagnostic]


class Held:
    """What was read of each file, while its text, or its state on disk, is the same."""

    def __init__(self) -> None:
        self._files: dict[str, tuple[object, Read]] = {}

    def read(self, root: Path, name: str, text: str | None, anew: Callable[[], Read]) -> Read:
        """The file of a name below `root` as held, or as it is now; `text` counts in its place where it is given."""
        found = self._files.get(name)
        state = text if text is not None else _state(f"{root}/{name}")
        if found is None or state is None or found[0] != state:
            found = self._files[name] = (state, anew())
        return found[1]


def _state(path: str) -> tuple[int, ...] | None:
    """What changes when a file does; None for one that cannot be looked at."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino, found.st_dev
