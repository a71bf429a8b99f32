"""Remove artifacts and leftovers from a store, so that a sweep killed half way leaves nothing that looks whole."""

import calendar
import fcntl
import os
import re
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from compiler.store.lease import Leases
from runtime.store.host import alive, host
from runtime.store.lock import UNSUPPORTED
from runtime.store.marker import claim
from runtime.store.store import SCRATCH, Store

TRASH = ".trash"
ARTIFACT = r"[A-Za-z_]\w*-[0-9a-f]{32}"
"""How our own names begin: `STAGE-FINGERPRINT`. What is called otherwise is not ours, and stays wherever it stands."""
TEMPORARY = re.compile(rf"{ARTIFACT}-[A-Za-z0-9._]+-\d+-[0-9a-f]+")
UNFINISHED = re.compile(ARTIFACT)
LOCK = re.compile(rf"{ARTIFACT}\.lock")
SWEPT = re.compile(rf"{ARTIFACT}-[0-9a-f]+")
ASIDE = re.compile(rf"{ARTIFACT}(-\d{{8}}T\d{{6}}Z)?-[0-9a-f]+")
RUN = re.compile(r"\d{8}T\d{6}-[0-9a-f]+")
JOB = re.compile(r"[0-9a-f]{32}(\.[0-9a-f]+)?\.(json|tmp)")
SILENT_S = 86400.0
"""A job of another host counts as dead when it wrote nothing for that long; its process cannot be asked."""


def busy(store: Store) -> list[str]:
    """What is being built now: `STAGE-FINGERPRINT` of each held lock and each temporary folder of a living job."""
    held = {path.stem for path in _entries(store.root / ".locks", LOCK) if _locked(path)}
    return sorted(held | {_name(path) for path in _entries(store.root / ".tmp", TEMPORARY) if _lives(path)})


def leftovers(store: Store, before: float) -> list[Path]:
    """What killed jobs, killed sweeps and damage left behind; what is damaged only where it was set aside before `before`,
    and what a killed job could go on from only where it was written before.

    Args:
        store: the artifacts.
        before: seconds since 1970.
    """
    dead = [path for path in _entries(store.root / ".tmp", TEMPORARY) if not _lives(path)]
    locks = [path for path in _entries(store.root / ".locks", LOCK) if not _locked(path)]
    going = busy(store)
    kept = [path for path in _entries(store.root / SCRATCH, UNFINISHED) if path.stat().st_mtime < before]
    scratch = [path for path in kept if path.name not in going]
    aside = [path for path in damaged(store) if aside_at(path) < before]
    return [*dead, *scratch, *locks, *_entries(store.root / TRASH, SWEPT), *Leases(store.root).ended(), *aside]


def old_runs(build: Path, before: float, keep: set[tuple[str, str]], going: bool) -> list[Path]:
    """Folders of runs and files of jobs below `build/` that are older than `before`, but for jobs of `keep`, and for all
    folders while a run is `going` on."""
    runs = [path for path in _entries(build / "runs", RUN) if path.stat().st_mtime < before and not going]
    jobs = [
        path
        for stage in _entries(build / "jobs")
        if stage.is_dir()
        for path in _entries(stage, JOB)
        if (stage.name, path.stem) not in keep and path.stat().st_mtime < before
    ]
    return [*runs, *jobs]


def remove_artifact(store: Store, stage: str, fingerprint: str, leases: Leases) -> bool:
    """Take an artifact out of the store by one rename, then delete its files; whether it was to go.

    A run that takes its lease before that finds it put back; one that takes it later looks what is there, and plans again.

    Raises:
        OSError: when the store cannot be written.
        ValueError: when a lease cannot be read.
    """
    if leases.needs((stage, fingerprint)):
        return False
    claim(store.root)
    trash = store.root / TRASH
    trash.mkdir(exist_ok=True)
    target = trash / f"{stage}-{fingerprint}-{uuid.uuid4().hex[:8]}"
    with suppress(FileNotFoundError):  # another sweep was first
        store.path(stage, fingerprint).rename(target)
        if leases.needs((stage, fingerprint)):
            with suppress(OSError):  # whoever needs it has built it anew
                target.rename(store.path(stage, fingerprint))
                return False
        remove(target)
    return True


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


def _entries(folder: Path, called: re.Pattern[str] | None = None) -> list[Path]:
    with suppress(FileNotFoundError):
        return sorted(path for path in folder.iterdir() if called is None or called.fullmatch(path.name))
    return []


def damaged(store: Store) -> list[Path]:
    """Folders of artifacts that were set aside."""
    return _entries(store.root / ".damaged", ASIDE)


def aside_at(path: Path) -> float:
    """When an artifact was set aside, in seconds since 1970: its name says it. Before it did, the rename left its ctime."""
    written = path.name.split("-")[-2]
    with suppress(ValueError):
        return calendar.timegm(time.strptime(written, "%Y%m%dT%H%M%SZ"))
    with suppress(OSError):
        return path.lstat().st_ctime
    return time.time()


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
