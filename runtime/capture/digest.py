"""A digest of the very files that a capture reads, so that the capture's fingerprint follows their content.

Standard library only. A file's digest is remembered by its path, size and time of change, so planning again reads none.
"""

import hashlib
import json
import os
from pathlib import Path

from runtime.bound.source import HiddenSite, Photos, SplatFile
from runtime.capture import files
from runtime.capture.colmap_model import ModelError
from runtime.capture.inspect import named_photos
from runtime.capture.transforms_file import TransformsError


def digest_source(source: HiddenSite | Photos | SplatFile, folder: Path, cache: Path | None = None) -> str:
    """SHA-256 (hex) over relative names and contents of the files that the capture stage would read.

    Args:
        source: the location's source; a hidden site reads no files and has the digest of nothing.
        folder: the capture folder or PLY file, as `files.locate` gives it.
        cache: a JSON file that remembers digests of unchanged files; None reads every file.

    Raises:
        OSError: a file is missing or unreadable; `inspect_source` explains it to people.
    """
    named = used_files(source, folder)
    known = _load(cache)
    fresh: dict[str, list] = {}
    total = hashlib.sha256()
    for name, path in sorted(named.items()):
        stat = path.stat()
        key = os.path.abspath(path)
        entry = known.get(key)
        if entry and entry[:2] == [stat.st_size, stat.st_mtime_ns]:
            digest = entry[2]
        else:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            fresh[key] = [stat.st_size, stat.st_mtime_ns, digest]
        total.update(f"{name}\0{digest}\n".encode())
    if fresh and cache is not None:
        _save(cache, known | fresh)
    return total.hexdigest()


def used_files(source: HiddenSite | Photos | SplatFile, folder: Path) -> dict[str, Path]:
    """Name -> path of the files that the capture stage reads."""
    if isinstance(source, HiddenSite):
        return {}
    if isinstance(source, SplatFile):
        return {"splat.ply": folder}
    try:
        used = {f"photo/{name}": path for name, path in named_photos(source, folder).items() if path}
    except (TransformsError, ModelError):
        used = {}
    if source.poses == "transforms":
        used["transforms.json"] = files.transforms_file(source, folder)
    if source.poses == "colmap":
        model = files.colmap_folder(source, folder)
        names = files.COLMAP_BINARY if model and (model / files.COLMAP_BINARY[1]).is_file() else files.COLMAP_TEXT
        used |= {f"model/{n}": model / n for n in names} if model else {}
    return used


def _load(cache: Path | None) -> dict[str, list]:
    try:
        content = json.loads(cache.read_bytes()) if cache else {}
    except (OSError, ValueError):
        return {}  # a lost or damaged cache costs time, never truth
    return content if isinstance(content, dict) else {}


def _save(cache: Path, content: dict[str, list]) -> None:
    cache.parent.mkdir(parents=True, exist_ok=True)
    temporary = cache.with_name(f"{cache.name}.{os.urandom(4).hex()}")
    temporary.write_text(json.dumps(content, indent=0))
    temporary.replace(cache)
