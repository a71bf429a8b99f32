"""Values of specs by the digest of their bytes, so that a spec that did not change is not parsed again.

The file below `build/` is sealed JSON and only a cache: without it, or with any byte of it changed, specs are read as ever. Only
specs that read without any problem are in it. `SIMKILN_NO_CACHE=1` neither reads nor writes one: in continuous
integration a stranger's branch could bring its own.
"""

import hashlib
import json
import os
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from compiler.reading.code_key import code_key
from runtime.sealed import sealed, unsealed

VARIABLE = "SIMKILN_NO_CACHE"
WORTHWHILE = 200
"""Specs from which on a cache saves more than it costs."""


def enabled() -> bool:
    """Whether caches below `build/cache` may be read and written."""
    return os.environ.get(VARIABLE, "") in ("", "0")


class SpecCache:
    """Digest of a spec's bytes -> its value."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._used: dict[str, object] = {}
        self._new = False

    @cached_property
    def _known(self) -> dict[str, object]:
        if enabled():
            with suppress(OSError, ValueError, KeyError, TypeError):
                content = json.loads(unsealed(self._path.read_bytes()))
                if content["code"] == code_key() and isinstance(content["values"], dict):
                    return content["values"]
        return {}

    def get(self, data: bytes) -> object:
        """The value that a spec of these bytes has, None when it is not known."""
        digest = _digest(data)
        value = self._known.get(digest)
        if value is not None:
            self._used[digest] = value
        return value

    def put(self, data: bytes, value: object) -> None:
        """Remember the value of a spec that was read without a problem."""
        self._used[_digest(data)] = value
        self._new = True

    def save(self) -> None:
        """Write what was used, if any of it is new. A folder that cannot be written costs time at the next start."""
        if self._new and enabled() and len(self._used) >= WORTHWHILE:
            text = json.dumps({"code": code_key(), "values": self._used}, separators=(",", ":"))
            write_quietly(self._path, sealed(text))


def write_quietly(path: Path, text: str) -> None:
    """Put a cache file in place whole, or not at all."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f"{path.name}.{os.urandom(4).hex()}")
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()
