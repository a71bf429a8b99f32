"""Folders for caches that are believed like code, such as compiled kernels: nobody else can have written there.

Standard library only, because it runs before anything else is imported.
"""

import atexit
import os
import shutil
import stat
import sys
import tempfile
from functools import lru_cache
from pathlib import Path

_OTHERS = stat.S_IWGRP | stat.S_IWOTH


@lru_cache
def private_folder(name: str, beside: Path | None = None) -> Path:
    """A folder that only this person can write to: in `beside`, else in this person's own below the temporary folder.

    One that is a link, somebody else's, or open to others is not used. Where that leaves none, there is a fresh one, which
    is gone when the process ends, and a line on stderr says why.
    """
    own = Path(tempfile.gettempdir()) / f"simkiln-{os.getuid()}"
    refused = []
    for folders in ([beside, beside / name] if beside else [], [own, own / name]):
        try:
            for folder in folders:
                folder.mkdir(mode=0o755 if folder == beside else 0o700, exist_ok=True)
            odd = next((found for folder in folders if (found := _odd(folder, shared=folder == beside))), None)
        except OSError:
            continue
        if folders and odd is None and os.access(folders[-1], os.W_OK):
            return folders[-1]
        refused += [odd] if odd else []
    fresh = tempfile.mkdtemp(prefix="simkiln-")
    atexit.register(shutil.rmtree, fresh, ignore_errors=True)
    if refused:
        sys.stderr.write(
            f"simkiln: {' and '.join(refused)}: not used, and `{name}` is made anew in a folder of this process alone\n"
        )
    return Path(fresh)


def _odd(folder: Path, shared: bool) -> str | None:
    """Why others can write to a folder, or put another one in its place; None where they cannot.

    A folder of code (`shared`) may be written to by whoever may change the code.
    """
    found = os.lstat(folder)
    if not stat.S_ISDIR(found.st_mode):
        return f"{folder} is {'a link' if stat.S_ISLNK(found.st_mode) else 'no folder'}"
    if found.st_uid != os.geteuid():
        return f"{folder} belongs to somebody else"
    if found.st_mode & _OTHERS and not shared:
        return f"others can write to {folder}"
    for parent in Path(os.path.realpath(folder)).parents:
        above = os.stat(parent)
        trusted = above.st_uid in (0, os.geteuid())
        if not trusted or (above.st_mode & stat.S_IWOTH and not above.st_mode & stat.S_ISVTX):
            return f"others can exchange what is in {parent}"
    return None
