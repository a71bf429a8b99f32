"""What the store holds, without looking at every artifact each time: a cache by the state of the store's folders.

Publishing and removing rename entries of a stage's folder, which changes that folder's times. Where they are the same, so are
its entries. The file below `build/` is only a cache: when it is lost, damaged or of another store, every folder is listed.
Standard library only.
"""

import hashlib
import json
import os
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from compiler.reading.spec_cache import enabled, write_quietly
from runtime.store.store import MANIFEST

SETTLED_NS = 2_000_000_000
"""A folder that changed less than this before it was listed may change again without its times telling."""
WORTHWHILE = 2000
"""Artifacts of a stage from which on its listing is remembered; smaller ones are looked at one by one."""

State = tuple[int, int, int, int]
"""Device, inode, and times of change of a folder, in nanoseconds."""
Sum = tuple[int, int]
"""How many artifacts a stage has, and the sum of their fingerprints: equal for equal sets, in any order."""


@dataclass
class _Stage:
    """One stage's artifacts; `names` is text of fingerprints with spaces, or None while it is in the file alone."""

    state: State | None
    sum: Sum
    names: str | None


class Listing:
    """The artifacts that are published, by stage."""

    def __init__(self, store: Path, cache: Path | None) -> None:
        """`store` is the store's folder, `cache` the file that remembers; without it every artifact is looked at."""
        self._store, self._file = store, cache if enabled() else None
        self._known, self._body = self._read()
        self._stages = self._refresh()

    def sums(self) -> dict[str, list[int]]:
        """Stage -> how many artifacts, and the sum of their fingerprints."""
        return {name: list(stage.sum) for name, stage in self._stages.items()}

    def published(self) -> dict[str, set[str]]:
        """Stage -> fingerprints."""
        try:
            return {name: set(self._names(name, stage).split()) for name, stage in self._stages.items()}
        except LookupError:  # the file was damaged, or another process wrote it meanwhile
            self._known, self._body = {}, {}
            self._stages = self._refresh()
            return {name: set(self._names(name, stage).split()) for name, stage in self._stages.items()}

    def _names(self, name: str, stage: _Stage) -> str:
        return self._text()[name] if stage.names is None else stage.names

    def _read(self) -> tuple[dict[str, _Stage], dict[str, str] | None]:
        """The header alone: names are read where they are asked for."""
        if self._file is None:
            return {}, {}
        try:
            with self._file.open("rb") as file:
                seal, header = file.readline().strip(), file.readline()
            if seal.decode() != _digest(header):
                return {}, {}
            content = json.loads(header)
            if content["store"] != str(self._store):
                return {}, {}
            return {n: _Stage(tuple(state), tuple(total), None) for n, (state, total) in content["stages"].items()}, None
        except (OSError, ValueError, KeyError, TypeError):
            return {}, {}

    def _text(self) -> dict[str, str]:
        """Stage -> names, as the file holds them; empty when it is damaged."""
        if self._body is None:
            self._body = {}
            with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
                assert self._file is not None
                seal, header, *lines = self._file.read_text(encoding="ascii").split("\n")
                content = json.loads(header)
                sealed = seal == _digest(f"{header}\n".encode()) and content["body"] == _digest("\n".join(lines).encode())
                same = {n: (tuple(s), tuple(t)) for n, (s, t) in content["stages"].items()} == {
                    n: (stage.state, stage.sum) for n, stage in self._known.items()
                }
                if sealed and same:
                    self._body = dict(zip(content["stages"], lines, strict=True))
        return self._body

    def _refresh(self) -> dict[str, _Stage]:
        found: dict[str, _Stage] = {}
        changed = False
        try:
            with os.scandir(self._store) as entries:
                names = sorted(e.name for e in entries if not e.name.startswith(".") and e.is_dir())
        except OSError:
            return {}
        for name in names:
            known = self._known.get(name)
            if known is not None and known.state == state_of(self._store / name):
                found[name] = known
                continue
            before = self._text().get(name, "") if known is not None else ""
            found[name] = _listed(self._store / name, before)
            changed = changed or found[name].state is not None
        if self._file is not None and (changed or self._known.keys() - found.keys()):
            self._write(self._file, found)
        return found

    def _write(self, file: Path, found: Mapping[str, _Stage]) -> None:
        kept = {name: stage for name, stage in found.items() if stage.state is not None}
        try:
            lines = "\n".join(self._names(name, stage) for name, stage in kept.items())
        except LookupError:
            return
        stages = {name: [stage.state, stage.sum] for name, stage in kept.items()}
        content = {"store": str(self._store), "body": _digest(lines.encode()), "stages": stages}
        header = json.dumps(content, separators=(",", ":")) + "\n"
        write_quietly(file, f"{_digest(header.encode())}\n{header}{lines}")


def listing(root: Path, store: Path) -> Listing:
    """The listing of a project's store; `root` is the project's folder, whose `build/` holds the cache."""
    return Listing(store, root / "build" / "cache" / "listing.txt")


def sums(published: Mapping[str, Iterable[str]]) -> dict[str, list[int]]:
    """Those of a listing: stage -> count and sum."""
    return {stage: list(_sum(list(names))) for stage, names in published.items()}


def _listed(folder: Path, before: str) -> _Stage:
    """A stage's folder, looked at; artifacts that were published when it was listed `before` are still."""
    state, now = state_of(folder), time.time_ns()
    known = set(before.split())
    path = os.fspath(folder)
    try:
        with os.scandir(path) as entries:
            there = [e.name for e in entries]
    except OSError:
        there = []
    names = [name for name in there if name in known or os.path.exists(f"{path}/{name}/{MANIFEST}")]
    calm = state is not None and max(state[2:]) < now - SETTLED_NS and state == state_of(folder)
    calm = calm and len(names) == len(there)  # what is there without a manifest may get one, which this folder would not tell
    return _Stage(state if calm and len(names) >= WORTHWHILE else None, _sum(names), " ".join(names))


def _sum(names: list[str]) -> Sum:
    numbers = [int(name, 16) for name in names if len(name) == 32]
    return len(numbers), sum(numbers) % (1 << 61)


def state_of(folder: Path) -> State | None:
    """The state of a folder; None where there is none."""
    try:
        found = os.stat(folder)
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_ctime_ns


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()
