"""Which spec files changed, and which problems are new or mended since the last check."""

import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from compiler.diagnostics.diagnostic import Diagnostic
from compiler.project.project import LOCAL_FILE
from compiler.reading.spec_files import SUFFIXES

PERIOD_S = 0.3
"""Time between two looks at the files."""
SHARE = 30
"""With many files, wait this many times as long as a look takes: about 3% of a core."""
SETTLE_S = 0.05
"""A file is read when it has not changed for this long: some editors write in several steps."""

Snapshot = dict[str, tuple[int, int, int]]
"""Project-relative name -> time of change in nanoseconds, size, inode."""


def snapshot(root: Path) -> Snapshot:
    """The spec files as they are now. What cannot be looked at is absent."""
    found: Snapshot = {}
    for entry in (*_files(root / "specs"), str(root / LOCAL_FILE)):
        name = os.path.relpath(entry, root)
        try:
            state = os.stat(entry)
        except OSError:
            continue
        found[name] = (state.st_mtime_ns, state.st_size, state.st_ino)
    return found


def changed(before: Snapshot, after: Snapshot) -> list[str]:
    """Names of the files that were added, removed or written."""
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))


def changes(root: Path, last: Snapshot, sleep: Callable[[float], None] = time.sleep) -> Iterator[list[str]]:
    """The names of files that changed, each time that some did; never ends.

    `last` is taken before the first check, and each later state before the check that it leads to: what changes while
    checking is seen.
    """
    while True:
        begin = time.perf_counter()
        now = snapshot(root)
        sleep(max(PERIOD_S, SHARE * (time.perf_counter() - begin)))
        if now == last:
            continue
        while (later := snapshot(root)) != now:
            now = later
            sleep(SETTLE_S)
        if names := changed(last, now):
            yield names
        last = now


@dataclass(frozen=True)
class Change:
    """Problems that came and problems that went. One that only moved to another line is neither."""

    new: list[Diagnostic]
    mended: list[Diagnostic]


def compare(before: Iterable[Diagnostic], after: Iterable[Diagnostic]) -> Change:
    """What changed between two checks."""
    return Change(_missing(after, before), _missing(before, after))


def _missing(those: Iterable[Diagnostic], from_these: Iterable[Diagnostic]) -> list[Diagnostic]:
    known = Counter(map(_key, from_these))
    found = []
    for diagnostic in those:
        known[_key(diagnostic)] -= 1
        if known[_key(diagnostic)] < 0:
            found.append(diagnostic)
    return found


def _key(d: Diagnostic) -> tuple[str, str, str]:
    return d.code, d.span.file, d.message


def _files(folder: Path) -> Iterator[str]:
    for below, _, names in os.walk(folder):
        yield from (os.path.join(below, name) for name in names if name.endswith(SUFFIXES))
