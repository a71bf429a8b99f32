"""The artifact store: `ROOT/STAGE/FINGERPRINT/`, published whole or not at all.

A stage writes into a temporary folder of the same file system. Publication fsyncs every file, writes `manifest.json`
(digest and size of every file) last, and renames the folder into place. So an artifact with a manifest is complete, and
neither SIGKILL, a full disk nor a lost `.snakemake` can leave one that is accepted but wrong. No lock is needed for
that: a rename onto an artifact that is there fails, and the first one is kept. Nothing is written into a folder that is no
store (`runtime.store.marker`).
"""

import errno
import hashlib
import json
import os
import shutil
import time
import uuid
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from runtime.files import Unfit, is_stray, open_file
from runtime.problem import InputError
from runtime.store.host import alive, host
from runtime.store.lock import exclusive
from runtime.store.manifest import MANIFEST
from runtime.store.marker import claim
from runtime.store.trouble import full

SEAL = "manifest_sha256"
SCRATCH = ".scratch"


class DamagedArtifact(Exception):
    """An artifact whose files are not those that its manifest lists."""


class AbsentArtifact(DamagedArtifact):
    """An artifact that is not in the store."""


class UnreadableArtifact(DamagedArtifact):
    """One of which the system cannot say what it is: a trouble of a disk, a mount or rights, not of the artifact."""


class Store:
    """Artifacts below one folder. Safe for several processes at once, also on several hosts of a network share."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, stage: str, fingerprint: str) -> Path:
        """Where the artifact is, or would be."""
        return self.root / stage / fingerprint

    def has(self, stage: str, fingerprint: str) -> bool:
        """Whether the artifact is published."""
        return (self.path(stage, fingerprint) / MANIFEST).is_file()

    def listing(self) -> dict[str, set[str]]:
        """Stage -> fingerprints published."""
        found: dict[str, set[str]] = {}
        if self.root.is_dir():
            for stage in os.scandir(self.root):
                if stage.is_dir() and not stage.name.startswith("."):
                    found[stage.name] = {a.name for a in os.scandir(stage.path) if os.path.exists(f"{a.path}/{MANIFEST}")}
        return found

    def manifest(self, stage: str, fingerprint: str) -> dict[str, Any]:
        """The manifest of a published artifact.

        Raises:
            DamagedArtifact: when it is absent or not JSON; AbsentArtifact when there is not even a folder; UnreadableArtifact
                when the system does not read it.
        """
        path = self.path(stage, fingerprint) / MANIFEST
        try:
            with open_file(path) as file:
                return json.loads(file.read())
        except FileNotFoundError as error:
            if not path.parent.exists():
                raise AbsentArtifact(f"{stage}/{fingerprint} is not in the store") from error
            raise DamagedArtifact(f"{stage}/{fingerprint}: no readable manifest ({error})") from error
        except (Unfit, NotADirectoryError, ValueError, RecursionError) as error:
            raise DamagedArtifact(f"{stage}/{fingerprint}: no readable manifest ({error})") from error
        except OSError as error:
            raise UnreadableArtifact(f"{stage}/{fingerprint} cannot be read: {error.strerror or error}") from error

    def check(self, stage: str, fingerprint: str, digests: bool = True) -> dict[str, Any]:
        """Compare an artifact's files with its manifest, which is returned.

        Raises:
            DamagedArtifact: when the manifest was changed or is another artifact's, or a file is absent, extra, or has
                another size or (with `digests`) content.
        """
        manifest, folder = self.manifest(stage, fingerprint), self.path(stage, fingerprint)
        if not is_sealed(manifest):
            raise DamagedArtifact(f"{stage}/{fingerprint}: the manifest has other content than it was written with")
        if (manifest["stage"], manifest["fingerprint"]) != (stage, fingerprint):
            stranger = f"{manifest['stage']}/{manifest['fingerprint']}"
            raise DamagedArtifact(f"{stage}/{fingerprint}: what stands here is {stranger}")
        for _, reason in differing(folder, manifest, digests):
            raise DamagedArtifact(f"{stage}/{fingerprint}: {reason}")
        return manifest

    def set_aside(self, stage: str, fingerprint: str) -> Path:
        """Move a damaged artifact out of the way, keeping it for inspection; it is then missing, and planned again.

        Its new name says when (UTC): no time of its files does.
        """
        claim(self.root)
        at = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        target = self.root / ".damaged" / f"{stage}-{fingerprint}-{at}-{uuid.uuid4().hex[:8]}"
        target.parent.mkdir(parents=True, exist_ok=True)
        self.path(stage, fingerprint).rename(target)
        return target

    @contextmanager
    def building(self, stage: str, fingerprint: str) -> Generator[Path]:
        """Hold the artifact's build lock and give a fresh temporary folder, removed at the end whatever happens.

        A second builder waits here; it then finds the artifact published. Where the file system has no locks, or hosts
        do not share them, both build and the first publication is kept. Leftovers of killed builders are removed.

        Raises:
            InputError: R230 when the folder is no store and holds what is somebody else's.
        """
        claim(self.root)
        temporary = self.root / ".tmp"
        temporary.mkdir(exist_ok=True)
        prefix = f"{stage}-{fingerprint}"
        with exclusive(self.root / ".locks" / f"{prefix}.lock"):
            for leftover in temporary.glob(f"{prefix}-{host()}-*"):
                if not alive(leftover.name.split("-")[-2]):
                    shutil.rmtree(leftover, ignore_errors=True)
            folder = temporary / f"{prefix}-{host()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
            folder.mkdir()
            try:
                yield folder
            except Exception as error:
                # numpy, OpenCV and torch report a full disk in words of their own; look before the clean-up makes room again
                said = not isinstance(error, OSError) or error.errno in (None, errno.ENOSPC)
                if said and not isinstance(error, InputError) and (trouble := full(folder)) is not None:
                    raise trouble from error
                raise
            finally:
                shutil.rmtree(folder, ignore_errors=True)

    def scratch(self, stage: str, fingerprint: str) -> Path:
        """Where a builder of the artifact may make a folder for what the next can go on from; gone with the publication."""
        return self.root / SCRATCH / f"{stage}-{fingerprint}"

    def publish(self, stage: str, fingerprint: str, folder: Path, facts: dict[str, Any]) -> Path:
        """Make `folder` the artifact. If one is published already, that one is kept.

        Raises:
            OSError: when the disk is full or the store cannot be written; nothing is published then.
        """
        target = self.path(stage, fingerprint)
        names = sorted(name for name in _files(folder) if not is_stray(name))
        files = {name: {"sha256": _digest(folder / name), "size": (folder / name).stat().st_size} for name in names}
        for name in names:
            _fsync(folder / name)
        manifest = folder / MANIFEST
        facts = json.loads(json.dumps({**facts, "stage": stage, "fingerprint": fingerprint, "files": files}))
        manifest.write_text(json.dumps({**facts, SEAL: _seal(facts)}, indent=1, sort_keys=True) + "\n")
        _fsync(manifest)
        for directory, _, _ in os.walk(folder):
            _fsync(Path(directory))
        target.parent.mkdir(parents=True, exist_ok=True)
        while not self.has(stage, fingerprint):
            try:
                folder.rename(target)
            except OSError:
                # Another builder may have been first; how a file system words that differs (ENOTEMPTY, EEXIST, EPERM).
                if not target.exists():
                    raise
                if not self.has(stage, fingerprint):
                    with suppress(FileNotFoundError):
                        self.set_aside(stage, fingerprint)
            else:
                _fsync(target.parent)
        shutil.rmtree(self.scratch(stage, fingerprint), ignore_errors=True)
        return target


def differing(folder: Path, manifest: dict[str, Any], digests: bool = True) -> Iterator[tuple[str, str]]:
    """Names of files that are absent, extra, or not as the manifest says, each with what is wrong with it."""
    listed = manifest["files"]
    present = {name for name in _files(folder) if name in listed or not (name == MANIFEST or is_stray(name))}
    odd = sorted(present ^ set(listed))
    yield from ((name, f"files differ from the manifest: {', '.join(odd[:3])}") for name in odd)
    for name, entry in listed.items():
        if name in present and (folder / name).stat().st_size != entry["size"]:
            yield name, f"{name} has another size than its manifest says"
        elif name in present and digests and _digest(folder / name) != entry["sha256"]:
            yield name, f"{name} has other content than its manifest says"


def _files(folder: Path) -> Iterator[str]:
    for directory, _, names in os.walk(folder):
        relative = os.path.relpath(directory, folder)
        yield from (name if relative == "." else f"{relative}/{name}" for name in names)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_sealed(manifest: object) -> bool:
    """Whether a manifest is as it was written. Those of before seals have none, and none under a damaged name either; the
    digests of their files hold all the same."""
    if not isinstance(manifest, dict):
        return False
    if SEAL in manifest:
        return manifest[SEAL] == _seal(manifest)
    return not any(value == _seal({k: v for k, v in manifest.items() if k != key}) for key, value in manifest.items())


def seal_of(manifest: dict[str, Any]) -> str:
    """The seal of a manifest, also of one that was written before there were any."""
    return str(manifest.get(SEAL) or _seal(manifest))


def _seal(manifest: dict[str, Any]) -> str:
    """Digest of a manifest's content, but for the digest itself."""
    content = {key: value for key, value in manifest.items() if key != SEAL}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _fsync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        # Some network file systems do not sync folders.
        if error.errno not in (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP) or not path.is_dir():
            raise
    finally:
        os.close(handle)
