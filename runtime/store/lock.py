"""A lock file that spares work: correctness never rests on it, since network file systems may have no locks."""

import errno
import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

UNSUPPORTED = frozenset({errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL})


@contextmanager
def exclusive(path: Path) -> Generator[bool]:
    """Wait for the lock at `path`, hold it, remove it at the end; gives False where the file system has no locks.

    Raises:
        OSError: when the lock file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = _acquire(path)
    try:
        yield handle is not None
    finally:
        # Removed while it is held: whoever waits on this inode sees that the path is another one now, and starts over.
        path.unlink(missing_ok=True)
        if handle is not None:
            os.close(handle)


def _acquire(path: Path) -> int | None:
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            if _stands_at(handle, path):
                return handle
        except OSError as error:
            os.close(handle)
            if error.errno in UNSUPPORTED:
                return None
            raise
        os.close(handle)


def _stands_at(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False
