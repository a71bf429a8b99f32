"""Facts of all artifacts without reading every manifest again: a cache in sqlite, brought up to date when asked.

The manifests are the truth. The file below `build/` may be deleted, damaged or impossible to write at any time: facts
are then read from the manifests, which is slower and gives the same. Several processes may use one file.
"""

import json
import os
import sqlite3
import weakref
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any

from compiler.fact import Fact, read_fact
from runtime.store import MANIFEST, DamagedArtifact, Store

Address = tuple[str, str]

FORMAT = 1
"""Raised when the table changes; a file of another format is emptied."""
COLUMNS = tuple(f.name for f in fields(Fact))
TABLE = f"""create table if not exists artifact
    ({", ".join(COLUMNS)}, modified integer, inputs text, primary key (stage, fingerprint))"""
INPUTS = ("params", "backends", "parents", "content", "version", "fingerprint")
WAIT_S = 2.0
CHUNK = 2000


class StoreIndex:
    """Facts of the artifacts in a store. Nothing is read before it is asked for."""

    def __init__(self, store: Path, cache: Path) -> None:
        self._store = Store(store)
        self._cache = cache
        self._opened: sqlite3.Connection | None = None

    @classmethod
    def of(cls, project: Any) -> "StoreIndex":
        """The index of a project's store, at `build/cache/store.sqlite`."""
        return cls(project.store, project.root / "build" / "cache" / "store.sqlite")

    def facts(self, only: Iterable[Address] | None = None) -> list[Fact]:
        """Facts of all published artifacts by stage and fingerprint, or of those named that are published.

        An artifact whose manifest cannot be read is left out.
        """
        wanted = self._published() if only is None else self._modified(only)
        try:
            return self._facts(wanted, whole=only is None)
        except sqlite3.Error as error:
            self._replace(error)
            return self._facts(wanted, whole=only is None)

    def of_stage(self, stage: str, most: int | None = None) -> list[Fact]:
        """Facts of the published artifacts of a stage: all, or at most so many, chosen by their fingerprints alone.

        Fingerprints are hashes, so a choice by them is a fair sample, and the same one each time.
        """
        names: list[str] = []
        with suppress(OSError):
            names = sorted(entry.name for entry in os.scandir(self._store.root / stage))
        if most is not None and len(names) > most:
            names = names[:: -(-len(names) // most)]
        return self.facts([(stage, name) for name in names])

    def inputs(self, address: Address) -> dict[str, Any] | None:
        """What an artifact was made from: params, backends, parents, content, version; None when it is not published.

        `parents` maps a port to texts `STAGE/FINGERPRINT`.
        """
        if not self.facts([address]):
            return None
        query = "select inputs from artifact where stage = ? and fingerprint = ?"
        row = self._connection().execute(query, address).fetchone()
        return json.loads(row[0]) if row else None

    def inputs_of(self, stage: str) -> Iterator[dict[str, Any]]:
        """The same for every published artifact of a stage; as of the latest call of `facts`."""
        for row in self._connection().execute("select inputs from artifact where stage = ?", (stage,)):
            yield json.loads(row[0])

    def forget(self, address: Address) -> None:
        """Drop one artifact, after it was removed; not needed for correctness."""
        with suppress(sqlite3.Error), self._connection() as connection:
            connection.execute("delete from artifact where stage = ? and fingerprint = ?", address)

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
        known = {(s, f): m for s, f, m in self._rows(connection, wanted, whole, "stage, fingerprint, modified")}
        gone = [address for address in known if address not in wanted]
        new = [address for address, modified in wanted.items() if known.get(address) != modified]
        if gone or new:
            with connection:
                connection.executemany("delete from artifact where stage = ? and fingerprint = ?", [*gone, *new])
            marks = ", ".join("?" * (len(COLUMNS) + 2))
            for start in range(0, len(new), CHUNK):
                rows = list(self._read(new[start : start + CHUNK], wanted))  # read before the file is locked
                with connection:
                    connection.executemany(f"insert or replace into artifact values ({marks})", rows)
        found = (_fact(row) for row in self._rows(connection, wanted, whole, ", ".join(COLUMNS)))
        return [fact for fact in found if fact.address in wanted]

    def _rows(
        self, connection: sqlite3.Connection, wanted: dict[Address, int], whole: bool, columns: str
    ) -> Iterator[tuple[Any, ...]]:
        if whole:
            yield from connection.execute(f"select {columns} from artifact order by stage, fingerprint")
            return
        query = f"select {columns} from artifact where stage = ? and fingerprint = ?"
        for address in sorted(wanted):
            yield from connection.execute(query, address)

    def _read(self, addresses: list[Address], modified: dict[Address, int]) -> Iterator[tuple[Any, ...]]:
        for address in addresses:
            try:
                manifest = self._store.manifest(*address)
                fact = read_fact(manifest, modified[address] / 1e9)
                inputs = json.dumps({key: manifest.get(key) for key in INPUTS})
            except (DamagedArtifact, KeyError, TypeError, ValueError, AttributeError):
                continue
            if fact.address == address:
                row = (json.dumps(fact.scopes) if c == "scopes" else getattr(fact, c) for c in COLUMNS)
                yield *row, modified[address], inputs

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
        for address in addresses:
            with suppress(OSError):
                found[address] = os.stat(self._store.path(*address) / MANIFEST).st_mtime_ns
        return found

    def _connection(self) -> sqlite3.Connection:
        if self._opened is None:
            try:
                self._cache.parent.mkdir(parents=True, exist_ok=True)
                self._opened = _open(str(self._cache))
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
        if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
            for suffix in ("", "-wal", "-shm"):
                with suppress(OSError):
                    Path(f"{self._cache}{suffix}").unlink()
        self._opened = _open(":memory:")


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


def _fact(row: tuple[Any, ...]) -> Fact:
    values: dict[str, Any] = dict(zip(COLUMNS, row, strict=True))
    values["scopes"] = tuple(json.loads(values["scopes"]))
    return Fact(**values)
