"""Files that people brought: ordinary files only, opened without waiting, listed within bounds. Standard library only.

A folder outside the project, or one that a pull request filled, may hold pipes, devices, links in a circle, names that
are no text. Whatever is read or listed there goes through here, so that each of them is told and none is waited for.
"""

import errno
import os
import stat
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path

MOST_FILES = 100_000
"""Files of one folder, or of a folder and all below it, that are looked at."""
RACY_NS = 2 * 10**9
"""For so long after a change a file's times may stay as they are when it changes again: FAT counts in steps of 2 s."""
LITTER = frozenset({"thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "$recycle.bin", "system volume information"}) | {
    *("lost+found", "__macosx", "@eadir", ".ds_store", ".directory", ".spotlight-v100", ".trashes", ".fseventsd", ".snapshot")
}
"""What file managers, file servers and file systems leave in folders; in small letters."""
_KINDS = {
    stat.S_IFDIR: "it is a folder",
    stat.S_IFIFO: "it is a pipe, not a file",
    stat.S_IFSOCK: "it is a socket, not a file",
    stat.S_IFCHR: "it is a device, not a file",
    stat.S_IFBLK: "it is a device, not a file",
}


class Unfit(OSError):
    """Something that is not read, though the system would; `strerror` says why."""


def is_litter(name: str) -> bool:
    """Whether a name is one that file managers, archives and editors leave: `.DS_Store`, `._x`, `Thumbs.db`, `x~`."""
    return name.startswith(".") or name.endswith("~") or name.casefold() in LITTER


def is_stray(path: str) -> bool:
    """The same of a path below a folder where names that begin with a dot may be meant: only those that are never."""
    return any(part in LITTER or part.startswith(("._", ".nfs", ".fuse_hidden")) for part in path.casefold().split("/"))


def open_file(path: str | Path) -> BufferedReader:
    """Open an ordinary file for reading, also through a link.

    Raises:
        OSError: it cannot be opened. Unfit: it is a folder, a pipe, a socket or a device.
    """
    try:
        _ordinary(os.stat(path))  # before it is opened: a device may act on that
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except ValueError as error:  # NUL, or half of a surrogate pair
        raise Unfit(errno.EINVAL, "its name cannot be that of a file") from error
    try:
        _ordinary(os.fstat(handle))
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def read_file(path: str | Path, most: int) -> bytes:
    """The bytes of an ordinary file.

    Raises:
        OSError: as `open_file`; Unfit when there are more than `most`.
    """
    with open_file(path) as file:
        size = os.fstat(file.fileno()).st_size
        content = file.read(most + 1) if size <= most else b""
    if max(size, len(content)) > most:
        raise Unfit(errno.EFBIG, f"it has more than {most // 2**20:,} MiB")
    return content


def settled(state: os.stat_result, now_ns: int) -> bool:
    """Whether a file changed so long before `now_ns` that a further change would show in its times (the rule of git's
    index)."""
    return max(state.st_mtime_ns, state.st_ctime_ns) < now_ns - RACY_NS


def entries(folder: str | Path) -> Iterator[os.DirEntry[str]]:
    """What is directly in a folder, in no order.

    Raises:
        OSError: the folder cannot be read. Unfit: it has more than `MOST_FILES` entries.
    """
    with os.scandir(folder) as found:
        for number, entry in enumerate(found):
            if number >= MOST_FILES:
                raise Unfit(errno.EFBIG, f"it has more than {MOST_FILES:,} files")
            yield entry


def walk(folder: str | Path) -> Iterator[tuple[str, os.stat_result]]:
    """Path and state of all that is below a folder, in no order. A link to a file has the state of that file; a link to a
    folder, or to nothing, its own, and is not followed.

    Raises:
        OSError: a folder cannot be read. Unfit: there are more than `MOST_FILES` below it.
    """
    waiting, found = [os.fspath(folder)], 0
    while waiting:
        for entry in entries(waiting.pop()):
            found += 1
            if found > MOST_FILES:
                raise Unfit(errno.EFBIG, f"it has more than {MOST_FILES:,} files")
            state = entry.stat(follow_symlinks=False)
            if stat.S_ISDIR(state.st_mode):
                waiting.append(entry.path)
            elif stat.S_ISLNK(state.st_mode):
                state = _behind(entry.path) or state
            yield entry.path, state


def _behind(link: str) -> os.stat_result | None:
    """The state of the file that a link leads to; None for anything else."""
    try:
        state = os.stat(link)
    except OSError:
        return None
    return state if stat.S_ISREG(state.st_mode) else None


def _ordinary(state: os.stat_result) -> None:
    if not stat.S_ISREG(state.st_mode):
        raise Unfit(errno.EINVAL, _KINDS.get(stat.S_IFMT(state.st_mode), "it is not a file"))
