"""A digest of the very files that a capture reads, so that the capture's fingerprint follows their content.

Standard library only. A file's digest is remembered by what the system says of it: size, inode, and both times of change,
of which the second cannot be set by hand. A file that changed a moment ago is not remembered.
"""

import hashlib
import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from runtime.bound.source import HiddenSite, Photos, SplatFile
from runtime.capture import files
from runtime.capture.beside import find_beside
from runtime.capture.colmap_model import ModelError, model_files
from runtime.capture.exports.split import split_files
from runtime.capture.named import named
from runtime.capture.transforms_file import TransformsError
from runtime.files import open_file, settled
from runtime.sealed import sealed, unsealed
from runtime.splat.read import parts

BLOCK = 2**20


class Gone(Exception):
    """A file that a capture reads cannot be read any more; the text says why."""


def digest_source(source: HiddenSite | Photos | SplatFile, folder: Path, cache: Path | None = None) -> str:
    """SHA-256 (hex) over relative names and contents of the files that the capture stage would read.

    Args:
        source: the location's source; a hidden site reads no files and has the digest of nothing.
        folder: the capture folder or PLY file, as `files.locate` gives it.
        cache: a folder that remembers digests of unchanged files, a JSON file for each capture folder; None reads every file.

    Raises:
        OSError: a file is missing or unreadable; `inspect_source` explains it to people.
    """
    return digest_named(used_files(source, folder), folder, cache)


def digest_named(named: Mapping[str, Path], memory_of: str | Path, cache: Path | None = None) -> str:
    """SHA-256 (hex) over names and contents of files; `memory_of` names what `cache` remembers of them.

    Raises:
        OSError: one is missing or unreadable.
    """
    memory = cache and cache / f"{hashlib.blake2b(os.fsencode(memory_of), digest_size=16).hexdigest()}.json"
    known = _load(memory)
    fresh: dict[str, list] = {}
    total = hashlib.sha256()
    for name, path in sorted(named.items()):
        key = os.path.abspath(path)
        *state, digest = known.get(key) or [None]
        if state != _state(os.stat(path)):
            begun = time.time_ns()
            with open_file(path) as file:
                before = os.fstat(file.fileno())
                digest = hashlib.file_digest(file, "sha256").hexdigest()
                if _state(before) == _state(os.fstat(file.fileno())) and settled(before, begun):
                    fresh[key] = [*_state(before), digest]
        total.update(_line(name, digest))
    if memory and fresh:
        _save(memory, known | fresh)
    return total.hexdigest()


def copy_source(source: Photos | SplatFile, folder: Path, into: Path) -> tuple[Path, str]:
    """Copy the files that the capture stage reads, each read once, and nothing else.

    Args:
        source, folder: as for `digest_source`.
        into: a folder that is not there yet.

    Returns:
        The copy in the place of `folder`, and the digest of what it holds, as `digest_source` gives it.

    Raises:
        Gone: a file cannot be read. OSError: the copy cannot be written.
    """
    try:
        named = sorted(used_files(source, folder).items())
    except OSError as error:
        raise Gone(str(error)) from error
    digest = copy_named(named, folder if isinstance(source, Photos) else folder.parent, into)
    copy = into if isinstance(source, Photos) else into / folder.name
    if [name for name, _ in named] != sorted(used_files(source, copy)):
        raise Gone("the pose file changed while it was read")
    return copy, digest


def copy_named(named: Iterable[tuple[str, Path]], below: Path | None, into: Path) -> str:
    """Copy files, in the order of their names, to `into`: by their place below a folder, or by name; return their digest.

    Raises:
        Gone: one cannot be read. OSError: the copy cannot be written.
    """
    copied: dict[Path, str] = {}
    total = hashlib.sha256()
    for name, path in named:
        target = into / (path.relative_to(below) if below else name)
        if target not in copied:
            target.parent.mkdir(parents=True, exist_ok=True)
            digest = hashlib.sha256()
            with target.open("xb") as file:
                for block in _blocks(path):
                    digest.update(block)
                    file.write(block)
            copied[target] = digest.hexdigest()
        total.update(_line(name, copied[target]))
    return total.hexdigest()


def used_files(source: HiddenSite | Photos | SplatFile, folder: Path) -> dict[str, Path]:
    """Name -> path of the files that the capture stage reads."""
    if isinstance(source, HiddenSite):
        return {}
    if isinstance(source, SplatFile):
        return {"splat.ply": folder} | {f"beside/{name}": folder.parent / name for name in parts(folder)}
    used: dict[str, Path] = {}
    try:
        found = named(source, folder)
        used |= {f"photo/{name}": path for name, path in found.used.items()}
        beside = find_beside(source, folder, found.used, found.poses).named
        used |= {f"beside/{name}": path for name, path in beside.items() if path and files.is_inside(name)}
        if poses := found.poses:
            used |= {f"poses/{path.relative_to(folder)}": path for path in poses.files}
    except (TransformsError, ModelError):
        if source.poses == "transforms" and not split_files(folder):
            used["poses"] = files.transforms_file(source, folder)
    if isinstance(source.lens, str):
        used["lens"] = folder / source.lens
    used |= {f"path/{name}": folder / name for name in source.paths or () if files.is_inside(name)}
    if source.poses == "colmap":
        for model in files.colmap_folders(source, folder)[:1]:
            used |= {f"model/{name}": model / name for name in model_files(model)}
    return used


def _line(name: str, digest: str) -> bytes:
    return f"{name}\0{digest}\n".encode("utf-8", "surrogateescape")


def _state(found: os.stat_result) -> list[int]:
    return [found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino]


def _blocks(path: Path) -> Iterator[bytes]:
    try:
        with open_file(path) as file:
            while block := file.read(BLOCK):
                yield block
    except OSError as error:
        raise Gone(str(error)) from error


def _load(memory: Path | None) -> dict[str, list]:
    with suppress(OSError, ValueError, RecursionError):  # lost or damaged, it costs time, never truth
        content = json.loads(unsealed(memory.read_bytes())) if memory else {}
        found = content if isinstance(content, dict) else {}
        return {k: v for k, v in found.items() if isinstance(v, list) and len(v) == 5 and isinstance(v[4], str)}
    return {}


def _save(memory: Path, content: dict[str, list]) -> None:
    with suppress(OSError):
        memory.parent.mkdir(parents=True, exist_ok=True)
        temporary = memory.with_name(f"{memory.name}.{os.urandom(4).hex()}")
        temporary.write_text(sealed(json.dumps(content, indent=0)))
        temporary.replace(memory)
