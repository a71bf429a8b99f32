"""What is wrong where a file system refuses: in words, with what to do. A refusal of other kinds is a fault of ours."""

import errno
import os
from contextlib import suppress
from pathlib import Path

_NAMES = "ESTALE EIO ENOTCONN ETIMEDOUT EHOSTDOWN EHOSTUNREACH ENETDOWN ENETUNREACH EREMOTEIO ENODEV ENXIO ESHUTDOWN"
AWAY = frozenset(getattr(errno, name) for name in _NAMES.split() if hasattr(errno, name))
"""How a mount or a disk that is gone shows itself."""
AWAY_HELP = "the file system does not answer: see that the disk is sound and the network mount there"
HELP = {
    errno.EDQUOT: "your quota there is used up: `simkiln gc` says what may go",
    errno.EFBIG: "a file would be larger than is allowed: raise the limit (`ulimit -f`)",
    errno.EROFS: "it is mounted read-only: mount it for writing, or name another folder (`store:` in simkiln.local.yaml)",
    errno.EACCES: "mend the rights of the file or the folder that it is in",
    errno.EPERM: "mend the rights, owner or flags of the file or the folder that it is in",
    errno.EMFILE: "too many files are open: raise the limit (`ulimit -n`)",
    errno.ELOOP: "links lead in a circle there: remove one of them",
    errno.ENAMETOOLONG: "the path is longer than its file system allows: put it nearer to the root",
    errno.ENOLINK: "mount or make the folder that it leads to, or remove the link",
    errno.ENFILE: "too many files are open on this machine",
}


BYTES = "no bytes are free there: `simkiln gc` says what may go"
INODES = "no more files can be made there, though bytes are free (`df -i`): delete many small ones; `simkiln gc` says what may go"
FULL_BYTES = 1 << 20


class Full(OSError):
    """A file system without room; `strerror` says what of it is used up."""


def full(folder: Path) -> Full | None:
    """What a file system has run out of, bytes or inodes: the system says the same of both. To be asked before anything is
    cleaned up."""
    with suppress(OSError):
        found = os.statvfs(folder)
        if found.f_files and not found.f_favail:
            return Full(errno.ENOSPC, "No space left for more files (inodes)", str(folder))
        if found.f_bavail * found.f_frsize < FULL_BYTES:
            return Full(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))
    return None


def in_words(error: OSError, there: Path) -> tuple[str, str] | None:
    """What cannot be used and why, and what to do; None where that is not a trouble of the file system.

    Args:
        error: what was raised.
        there: what is to blame where the error names no file.
    """
    named = Path(os.path.abspath(os.fsdecode(error.filename)) if isinstance(error.filename, str | bytes | Path) else there)
    if error.errno == errno.ENOSPC:
        standing = next((folder for folder in (named, *named.absolute().parents) if folder.is_dir()), Path("/"))
        error = error if isinstance(error, Full) else full(standing) or error
        help = INODES if "inodes" in str(error.strerror) else BYTES
    elif error.errno in AWAY:
        help = AWAY_HELP
    elif error.errno in HELP:
        help = HELP[error.errno]
    else:
        return None
    return f"cannot use `{os.path.relpath(named)}`: {(error.strerror or '').lower()}", help
