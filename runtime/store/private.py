"""A folder where only this user can write, for what is remembered between processes. Nobody else's is ever believed."""

import os
import stat
from contextlib import suppress
from pathlib import Path


def private_folder() -> Path | None:
    """`~/.cache/simkiln` (or below `XDG_CACHE_HOME`), made with mode 700; None where it cannot be this user's alone."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    with suppress(OSError, RuntimeError):
        folder = (Path(base) if os.path.isabs(base) else Path.home() / ".cache") / "simkiln"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder if is_private(os.lstat(folder)) and stat.S_ISDIR(os.lstat(folder).st_mode) else None
    return None


def read_private(path: Path) -> bytes:
    """A file's content; nothing of one that is absent, a link, or that somebody else could have written."""
    with suppress(OSError):
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(handle, "rb") as file:
            state = os.fstat(handle)
            return file.read() if is_private(state) and stat.S_ISREG(state.st_mode) else b""
    return b""


def append_private(path: Path, data: bytes) -> None:
    """Add to a file in one go, quietly: what is remembered there saves time, no more."""
    with suppress(OSError):
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
        with open(handle, "ab") as file:
            file.write(data)


def is_private(state: os.stat_result) -> bool:
    """Whether a file or folder belongs to this user, and nobody else may write to it."""
    return state.st_uid == os.geteuid() and not state.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
