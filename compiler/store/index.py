"""Facts of all artifacts without reading every manifest again: a cache in sqlite, brought up to date when asked.

The manifests are the truth. The file below `build/` may be deleted, damaged or impossible to write at any time: facts
are then read from the manifests, which is slower and gives the same. Several processes may use one file.
"""

import json
import os
import sqlite3
import weakref
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from compiler.graph.node import Address
from compiler.project.project import Project
from compiler.reading.spec_cache import enabled
from compiler.store.fact import Fact, Inputs, read_fact, read_inputs
from runtime.store.store import MANIFEST, DamagedArtifact, Store

FORMAT = 4
"""Raised when the table changes; a file of another format is emptied."""
TABLE = """create table if not exists artifact
    (stage text, fingerprint text, modified integer, fact text, inputs text, primary key (stage, fingerprint))"""
WAIT_S = 2.0
VARIABLES = 900
"""Values that one statement may hold; sqlite's oldest limit is 999."""
UNREADABLE = "null"
"""What stands in the place of facts where a manifest has none."""
CHUNK = 2000


class StoreIndex:
    """Facts of the artifacts in a store. Nothing is read before it is asked for."""

    def __init__(self, store: Path, cache: Path) -> None:
        self._store = Store(store)
        self._cache = cache
        self._opened: sqlite3.Connection | None = None
        self._in_memory = False
        """Whether the file was given up, and with it what was not read since."""

    @classmethod
    def of(cls, project: Project) -> "StoreIndex":
        """The index of a project's store, at `build/cache/store.sqlite`."""
        return cls(project.store, project.root / "build" / "cache" / "store.sqlite")

    def facts(self, only: Iterable[Address] | None = None) -> list[Fact]:
        """Facts of all published artifacts by stage and fingerprint, or of those named that are published.

        An artifact whose manifest cannot be read is left out.
        """
        wanted = self._published() if only is None else self._modified(only)
        return self._bravely(lambda: self._facts(wanted, whole=only is None))

    def of_stage(self, stage: str, most: int | None = None, names: Iterable[str] | None = None) -> list[Fact]:
        """Facts of the published artifacts of a stage: all, or at most so many, chosen by their fingerprints alone.

        Fingerprints are hashes, so a choice by them is a fair sample, and the same one each time. `names` are the fingerprints
        there, for who knows them already.
        """
        if names is None:
            with suppress(OSError):
                names = [entry.name for entry in os.scandir(self._store.root / stage)]
        names = sorted(names or ())
        if most is not None and len(names) > most:
            names = names[:: -(-len(names) // most)]
        return self.facts([(stage, name) for name in names])

    def inputs(self, address: Address) -> Inputs | None:
        """What an artifact was made from; None when it is not published."""
        return self._bravely(lambda: self._inputs(address) if self.facts([address]) else None)

    def inputs_of(self, stage: str) -> Iterator[Inputs]:
        """The same for every published artifact of a stage; as of the latest call of `facts`."""
        query = "select fingerprint from artifact where stage = ? order by fingerprint"
        if self._in_memory:
            self.of_stage(stage)

        def names() -> list[str]:
            return [name for (name,) in self._connection().execute(query, (stage,))]

        for name in self._bravely(names, lambda: self.of_stage(stage)):
            found = self._bravely(lambda name=name: self._inputs((stage, name)), lambda: self.of_stage(stage))
            if found is not None:
                yield found

    def rebuild(self) -> list[Fact]:
        """Read every manifest again, whatever the file says."""
        with suppress(sqlite3.Error), self._connection() as connection:
            connection.execute("delete from artifact")
        return self.facts()

    def close(self) -> None:
        """Let go of the file."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def _facts(self, wanted: dict[Address, int], whole: bool) -> list[Fact]:
        connection = self._connection()
        known = {(s, f): m for s, f, m in self._rows(wanted, whole, "modified")}
        gone = [address for address in known if address not in wanted]
        new = [address for address, modified in wanted.items() if known.get(address) != modified]
        if gone or new:
            with connection:
                connection.executemany("delete from artifact where stage = ? and fingerprint = ?", [*gone, *new])
            for start in range(0, len(new), CHUNK):
                rows = list(self._read(new[start : start + CHUNK], wanted))  # read before the file is locked
                with connection:
                    connection.executemany("insert or replace into artifact values (?, ?, ?, ?, ?)", rows)
        found: list[Fact] = []
        for stage, fingerprint, text in self._rows(wanted, whole, "fact"):
            content = _unsealed(text)
            if content == UNREADABLE:
                continue
            fact = _fact(content)
            if fact.address != (stage, fingerprint):
                raise sqlite3.DatabaseError("a row in another's place")
            found.append(fact)
        return found

    def _inputs(self, address: Address) -> Inputs | None:
        query = "select inputs from artifact where stage = ? and fingerprint = ?"
        row = self._connection().execute(query, address).fetchone()
        content = _unsealed(row[0]) if row else UNREADABLE
        return json.loads(content) if content != UNREADABLE else None

    def _bravely[T](self, read: Callable[[], T], first: Callable[[], object] = tuple) -> T:
        """Read; after trouble with the file, do what is first, and read again from memory."""
        try:
            return read()
        except (sqlite3.Error, UnicodeDecodeError) as error:
            self._replace(error)
            first()
            return read()

    def _rows(self, wanted: dict[Address, int], whole: bool, column: str) -> Iterator[tuple[str, str, Any]]:
        connection, query = self._connection(), f"select stage, fingerprint, {column} from artifact"
        if whole:
            yield from connection.execute(f"{query} order by stage, fingerprint")
            return
        by_stage: dict[str, list[str]] = {}
        for stage, fingerprint in sorted(wanted):
            by_stage.setdefault(stage, []).append(fingerprint)
        for stage, names in by_stage.items():
            for start in range(0, len(names), VARIABLES):
                some = names[start : start + VARIABLES]
                marks = ", ".join("?" * len(some))
                chosen = f"{query} where stage = ? and fingerprint in ({marks}) order by fingerprint"
                yield from connection.execute(chosen, (stage, *some))

    def _read(self, addresses: list[Address], modified: dict[Address, int]) -> Iterator[tuple[str, str, int, str, str]]:
        for address in addresses:
            said, inputs = UNREADABLE, UNREADABLE  # remembered too, or it would be read again by every plan
            with suppress(DamagedArtifact, KeyError, TypeError, ValueError, AttributeError):
                manifest = self._store.manifest(*address)
                fact = read_fact(manifest, modified[address] / 1e9)
                if fact.address == address:
                    inputs, said = json.dumps(read_inputs(manifest)), json.dumps(asdict(fact))
            yield *address, modified[address], _sealed(said), _sealed(inputs)

    def _published(self) -> dict[Address, int]:
        """Every artifact and when its manifest was written, in nanoseconds: one look at each folder."""
        found: dict[Address, int] = {}
        with suppress(OSError):
            stages = [e for e in os.scandir(self._store.root) if not e.name.startswith(".") and e.is_dir()]
            for stage in stages:
                for artifact in os.scandir(stage.path):
                    with suppress(OSError):
                        found[stage.name, artifact.name] = os.stat(f"{artifact.path}/{MANIFEST}").st_mtime_ns
        return found

    def _modified(self, addresses: Iterable[Address]) -> dict[Address, int]:
        found: dict[Address, int] = {}
        root = os.fspath(self._store.root)
        for address in addresses:
            with suppress(OSError):
                found[address] = os.stat(f"{root}/{address[0]}/{address[1]}/{MANIFEST}").st_mtime_ns
        return found

    def _connection(self) -> sqlite3.Connection:
        if self._opened is None:
            try:
                if enabled():
                    self._cache.parent.mkdir(parents=True, exist_ok=True)
                self._opened = _open(str(self._cache) if enabled() else ":memory:")
                weakref.finalize(self, self._opened.close)  # a connection is in a cycle, so it would outlive its index
            except (OSError, sqlite3.Error) as error:
                self._replace(error)
        assert self._opened is not None
        return self._opened

    def _replace(self, error: Exception) -> None:
        """Go on in memory after trouble with the file. A damaged one is removed, so that the next process writes it."""
        with suppress(sqlite3.Error):
            self.close()
        self._opened = None
        if not isinstance(error, (OSError, sqlite3.OperationalError)):
            for suffix in ("", "-wal", "-shm"):
                with suppress(OSError):
                    Path(f"{self._cache}{suffix}").unlink()
        self._opened, self._in_memory = _open(":memory:"), True


def _open(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=WAIT_S)
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = normal")
    with connection:
        if connection.execute("pragma user_version").fetchone()[0] != FORMAT:
            connection.execute("drop table if exists artifact")
            connection.execute(TABLE)
            connection.execute(f"pragma user_version = {FORMAT}")
    return connection


def _fact(text: str) -> Fact:
    values: dict[str, Any] = json.loads(text)
    values["scopes"] = tuple(values["scopes"])
    return Fact(**values)


def _sealed(text: str) -> str:
    return f"{zlib.crc32(text.encode()):08x}{text}"


def _unsealed(text: object) -> str:
    """The text behind its checksum, for sqlite does not notice a flipped bit in a text."""
    if not isinstance(text, str) or f"{zlib.crc32(text[8:].encode(errors='replace')):08x}" != text[:8]:
        raise sqlite3.DatabaseError("a text was changed")
    return text[8:]
