"""Leases: what a run in progress needs, written into the store, so that `simkiln gc` of any project on any host spares it.

The process of the scheduler renews its lease (`BEAT_S`) and takes it away at its end. One whose process was killed holds for
`LASTS_S` after the last sign of life: jobs that a cluster queued may outlive their scheduler. All times are those of the
store's file system, which one clock writes for all hosts; so it does not matter how wrong a host's own clock is.
"""

import atexit
import json
import os
import re
import tempfile
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from compiler.graph.node import Address
from compiler.store.fact import address_of
from runtime.files import read_file
from runtime.store.host import alive, boot, host
from runtime.store.marker import claim

FOLDER = ".leases"
NAME = re.compile(r"[A-Za-z0-9._]+-\d+-[0-9a-f]+\.json")
BEAT_S = 300.0
LASTS_S = 86400.0
MOST_BYTES = 2**30


class Lease:
    """The lease of this process on what it needs of a store."""

    def __init__(self, root: Path, study: str, needs: Iterable[Address]) -> None:
        """Take it, and keep it until `end` or the end of the process.

        Raises:
            OSError: when the store cannot be written.
            InputError: R230 when the folder is no store.
        """
        claim(root)
        self._path = root / FOLDER / f"{host()}-{os.getpid()}-{os.urandom(4).hex()}.json"
        said = {"study": study, "host": host(), "pid": os.getpid(), "boot": boot(), "needs": ["/".join(a) for a in needs]}
        self._text = json.dumps(said)
        self._write()
        self._ended = threading.Event()
        threading.Thread(target=self._renew, name="simkiln lease", daemon=True).start()
        atexit.register(self.end)

    def end(self) -> None:
        """Give it back."""
        self._ended.set()
        atexit.unregister(self.end)
        with suppress(OSError):
            self._path.unlink()

    def _write(self) -> None:
        self._path.parent.mkdir(exist_ok=True)
        temporary = self._path.with_suffix(".tmp")
        temporary.write_text(self._text)
        temporary.replace(self._path)

    def _renew(self) -> None:
        while not self._ended.wait(BEAT_S):
            with suppress(OSError):  # a mount that is away for a moment comes back
                try:
                    os.utime(self._path)  # without a time, a file server takes its own
                except FileNotFoundError:
                    self._write()


class Leases:
    """Those of all runs on a store, read again whenever they are asked for."""

    def __init__(self, root: Path) -> None:
        self._folder = root / FOLDER
        self._now = now_of(root)
        self._read: dict[tuple[str, int], tuple[str, set[Address]] | None] = {}

    def held(self) -> dict[str, set[Address]]:
        """Who needs what: `a run of STUDY on HOST` -> addresses.

        Raises:
            ValueError: when the lease of a run that may be going on cannot be read.
        """
        found: dict[str, set[Address]] = {}
        for path, modified in self._all():
            one = self._of(path, modified)
            if one is not None:
                found.setdefault(one[0], set()).update(one[1])
        return found

    def needs(self, address: Address) -> bool:
        """Whether a run needs an artifact; raises as `held`."""
        return any(one is not None and address in one[1] for one in (self._of(*found) for found in self._all()))

    def ended(self) -> list[Path]:
        """Files of leases that hold no more; raises as `held`."""
        return [path for path, modified in self._all() if self._of(path, modified) is None]

    def _all(self) -> list[tuple[Path, int]]:
        found = []
        with suppress(FileNotFoundError):
            for entry in os.scandir(self._folder):
                with suppress(FileNotFoundError):
                    if NAME.fullmatch(entry.name):
                        found.append((Path(entry.path), entry.stat(follow_symlinks=False).st_mtime_ns))
        return sorted(found)

    def _of(self, path: Path, modified: int) -> tuple[str, set[Address]] | None:
        key = path.name, modified
        if key not in self._read:
            self._read[key] = self._parse(path, modified)
        return self._read[key]

    def _parse(self, path: Path, modified: int) -> tuple[str, set[Address]] | None:
        fresh = abs(self._now - modified / 1e9) < LASTS_S
        try:
            said: dict[str, Any] = json.loads(read_file(path, MOST_BYTES))
            if not fresh and not (said["boot"] and said["boot"] == boot() and alive(str(said["pid"]))):
                return None
            return f"needed by a run of `{said['study']}` on {said['host']}", {address_of(text) for text in said["needs"]}
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            if not fresh:
                return None
            message = f"{os.path.relpath(path)} says what a run needs, and cannot be read: nothing is deleted"
            raise ValueError(f"{message}; remove it when no run is going on") from error


def now_of(root: Path) -> float:
    """The present, in seconds since 1970, by the clock of a store's file system; by ours where nothing can be written."""
    with suppress(OSError), tempfile.NamedTemporaryFile(dir=root / ".locks", prefix=".now-") as probe:
        return os.fstat(probe.fileno()).st_mtime
    return time.time()
