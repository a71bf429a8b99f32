"""What a job reads of the store: parents whose every byte is what their manifest says, before and after the job's work.

An artifact is digested once per boot of a machine. That it was whole is then remembered together with size, inode and both
times of change of each file, in a folder where only this user can write; the boot counts because a disk may be changed
while no system watches it. Whatever is not remembered just so is digested again.
"""

import hashlib
import os
import shutil
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from runtime.files import settled
from runtime.store.host import boot, host
from runtime.store.manifest import MANIFEST
from runtime.store.private import append_private, private_folder, read_private
from runtime.store.store import DamagedArtifact, Store, seal_of

NO_CACHE = "SIMKILN_NO_CACHE"


class Reading:
    """The artifacts that one job reads."""

    def __init__(self, store: Store, now_ns: int) -> None:
        """`now_ns` is the present in the clock of the store's file system, in nanoseconds since 1970."""
        self._store, self._now_ns = store, now_ns
        self._states: dict[tuple[str, str], str] = {}
        self.seals: dict[str, str] = {}
        """`STAGE/FINGERPRINT` -> the seal of the manifest that it was whole by."""

    def check(self, stage: str, fingerprint: str) -> dict[str, Any]:
        """The manifest of an artifact that is whole.

        Raises:
            DamagedArtifact: as `Store.check` with digests.
        """
        manifest = self._store.check(stage, fingerprint, digests=False)
        state, old = self._state(stage, fingerprint, manifest)
        if not _remembered(state):
            manifest = self._store.check(stage, fingerprint)
            if old and self._state(stage, fingerprint, manifest)[0] == state:
                _remember(state)
        self._states[stage, fingerprint] = state
        self.seals[f"{stage}/{fingerprint}"] = seal_of(manifest)
        return manifest

    def again(self) -> None:
        """After the work: what changed since `check` is digested once more.

        Raises:
            DamagedArtifact: when one is no longer whole.
        """
        for (stage, fingerprint), state in self._states.items():
            manifest = self._store.check(stage, fingerprint, digests=False)
            if self._state(stage, fingerprint, manifest)[0] != state:
                self._store.check(stage, fingerprint)
                if self.seals[f"{stage}/{fingerprint}"] != seal_of(manifest):
                    raise DamagedArtifact(f"{stage}/{fingerprint}: another one was put in its place")

    def _state(self, stage: str, fingerprint: str, manifest: dict[str, Any]) -> tuple[str, bool]:
        """A digest over what the system says of every file, and whether all are old enough that a change would show."""
        folder = self._store.path(stage, fingerprint)
        total, old = hashlib.blake2b(os.path.realpath(folder).encode(errors="surrogateescape"), digest_size=16), True
        for name in sorted([*manifest["files"], MANIFEST]):
            found = os.stat(folder / name)
            old = old and settled(found, self._now_ns)
            facts = (name, found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
            total.update(f"{facts}\n".encode(errors="surrogateescape"))
        return total.hexdigest(), old


def _remembered(state: str) -> bool:
    folder = _memory()
    return folder is not None and f"{state}\n".encode() in read_private(folder / state[:2])


def _remember(state: str) -> None:
    if (folder := _memory()) is not None:
        append_private(folder / state[:2], f"{state}\n".encode())


@cache
def _memory() -> Path | None:
    """Where this boot's memory is; None where there is none. Those of earlier boots of this host are removed."""
    below = private_folder() if os.environ.get(NO_CACHE, "") in ("", "0") else None
    if below is None or not boot():
        return None
    with suppress(OSError):
        folder = below / f"whole-{host()}-{boot()}"
        if not folder.is_dir():
            for other in below.glob(f"whole-{host()}-*"):
                shutil.rmtree(other, ignore_errors=True)
            folder.mkdir(mode=0o700, exist_ok=True)
        return folder
    return None
