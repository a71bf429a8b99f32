"""Remove artifacts and leftovers from a store, so that a sweep killed half way leaves nothing that looks whole."""

import fcntl
import os
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from runtime.store.host import alive, host
from runtime.store.lock import UNSUPPORTED
from runtime.store.store import Store

TRASH = ".trash"
SILENT_S = 86400.0
"""A job of another host counts as dead when it wrote nothing for that long; its process cannot be asked."""


def busy(store: Store) -> list[str]:
    """What is being built now: `STAGE-FINGERPRINT` of each held lock and each temporary folder of a living job."""
    held = {path.stem for path in _entries(store.root / ".locks") if path.suffix == ".lock" and _locked(path)}
    return sorted(held | {_name(path) for path in _entries(store.root / ".tmp") if _lives(path)})


def leftovers(store: Store, before: float) -> list[Path]:
    """What killed jobs, killed sweeps and damage left behind; what is damaged only where it is older than `before`.

    Args:
        store: the artifacts.
        before: seconds since 1970.
    """
    dead = [path for path in _entries(store.root / ".tmp") if not _lives(path)]
    locks = [p for p in _entries(store.root / ".locks") if p.suffix == ".lock" and not _locked(p)]
    damaged = [path for path in _entries(store.root / ".damaged") if _newest(path) < before]
    return [*dead, *locks, *_entries(store.root / TRASH), *damaged]


def old_runs(build: Path, before: float, keep: set[tuple[str, str]]) -> list[Path]:
    """Folders of runs and files of jobs below `build/` that are older than `before`, but for jobs of `keep`."""
    runs = [path for path in _entries(build / "runs") if path.stat().st_mtime < before]
    jobs = [
        path
        for stage in _entries(build / "jobs")
        if stage.is_dir()
        for path in _entries(stage)
        if (stage.name, path.stem) not in keep and path.stat().st_mtime < before
    ]
    return [*runs, *jobs]


def remove_artifact(store: Store, stage: str, fingerprint: str) -> None:
    """Take an artifact out of the store by one rename, then delete its files.

    Raises:
        OSError: when the store cannot be written.
    """
    trash = store.root / TRASH
    trash.mkdir(exist_ok=True)
    target = trash / f"{stage}-{fingerprint}-{uuid.uuid4().hex[:8]}"
    with suppress(FileNotFoundError):  # another sweep was first
        store.path(stage, fingerprint).rename(target)
        shutil.rmtree(target)


def remove(path: Path) -> None:
    """Delete a file, a link or a folder; nothing where it is gone already."""
    with suppress(FileNotFoundError):
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def weight(path: Path) -> int:
    """Bytes of a file, or of all files in a folder; links count as themselves."""
    with suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            return sum(weight(child) for child in path.iterdir())
        return path.lstat().st_size
    return 0


def _entries(folder: Path) -> list[Path]:
    with suppress(FileNotFoundError):
        return sorted(folder.iterdir())
    return []


def _locked(path: Path) -> bool:
    """Whether another process holds the lock. Without locks in the file system, a young file counts as held."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError as error:
        if error.errno not in UNSUPPORTED:
            raise
        return _newest(path) > time.time() - SILENT_S
    finally:
        os.close(handle)
    return False


def _name(path: Path) -> str:
    return path.name.rsplit("-", 3)[0]


def _lives(path: Path) -> bool:
    """Whether the job that made a temporary folder, `STAGE-FINGERPRINT-HOST-PID-HEX`, may still write into it."""
    parts = path.name.rsplit("-", 3)
    if len(parts) == 4 and parts[1] == host():
        return alive(parts[2])
    return _newest(path) > time.time() - SILENT_S


def _newest(path: Path) -> float:
    """When something in there was last written, in seconds since 1970."""
    return max(_times(path), default=0.0)


def _times(path: Path) -> Iterator[float]:
    with suppress(OSError):
        yield path.lstat().st_mtime
        if path.is_dir() and not path.is_symlink():
            for child in path.rglob("*"):
                with suppress(OSError):
                    yield child.lstat().st_mtime
