"""Which folder is a store: the one that carries a marker. Nothing is written, moved or deleted in any other."""

import errno
import os
import re
import stat
from pathlib import Path

from runtime.files import is_stray
from runtime.problem import InputError, Problem
from runtime.store.manifest import MANIFEST

MARKER = ".simkiln-store"
TEXT = "A simkiln store: `simkiln gc` deletes artifacts in here, `simkiln verify` moves damaged ones into `.damaged`.\n"
OWN = frozenset({MARKER, ".tmp", ".locks", ".damaged", ".trash", ".leases", ".scratch"})
"""What stands in a store beside the folders of stages."""
FINGERPRINT = re.compile("[0-9a-f]{32}")


def claim(root: Path) -> None:
    """See that a folder is a store before something is written there; make it one where it is absent, empty or holds
    nothing but artifacts.

    Raises:
        InputError: R230 when it holds anything else.
        OSError: when it cannot be written.
    """
    if is_store(root):
        return
    refuse(root)
    root.mkdir(parents=True, exist_ok=True)
    (root / MARKER).write_text(TEXT)


def refuse(root: Path) -> None:
    """Raise R230 for a folder that is no store and could not become one without touching what is somebody else's."""
    if (odd := stranger(root)) is not None:
        raise InputError(Problem("R230", no_store(os.path.relpath(root), odd), remedy(odd)))


def no_store(shown: str, odd: str) -> str:
    """What is said of a folder, by the name that it is called, in which `odd` stands."""
    return f"`{shown}` is a file, not a folder" if odd == "." else f"`{shown}` is no store: `{odd}` stands in it"


def remedy(odd: str) -> str:
    """What to do about it."""
    damaged = FINGERPRINT.fullmatch(odd.rpartition("/")[2])
    again = f"; if it is a store and that a damaged artifact, make an empty file `{MARKER}` in it" if damaged else ""
    return f"name a new or an empty folder under `store:` in simkiln.local.yaml{again}"


def is_store(root: Path) -> bool:
    """Whether a folder carries the marker."""
    try:
        return stat.S_ISREG(os.lstat(root / MARKER).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False


def stranger(root: Path, most: int | None = None) -> str | None:
    """What stands in a folder without a marker that a store would not hold; `.` where the folder is none.

    Args:
        root: the folder; one that is absent, empty, or carries a marker has no stranger.
        most: artifacts of each stage that are looked at; all where it is absent.

    Raises:
        OSError: when it cannot be read.
    """
    if is_store(root):
        return None
    try:
        entries = sorted(os.scandir(root), key=lambda entry: entry.name)
    except FileNotFoundError:
        standing = next(folder for folder in (root, *root.absolute().parents) if os.path.lexists(folder))
        if not standing.exists():  # no new store is made in its place: what it leads to may come back
            raise OSError(errno.ENOLINK, "It is a link to a folder that is not there", str(standing)) from None
        return None
    except NotADirectoryError:
        return "."
    if any(entry.name == MARKER and entry.is_file(follow_symlinks=False) for entry in entries):
        return None  # another builder, perhaps on another host, has just made it
    stages = [entry for entry in entries if entry.name not in OWN and not is_stray(entry.name)]
    empty = True
    for stage in stages:
        if not (stage.name.isidentifier() and stage.is_dir(follow_symlinks=False)):
            return stage.name
        for seen, artifact in enumerate(os.scandir(stage.path)):
            if most is not None and seen >= most:
                break
            if is_stray(artifact.name):
                continue
            if not (FINGERPRINT.fullmatch(artifact.name) and os.path.isfile(f"{artifact.path}/{MANIFEST}")):
                return f"{stage.name}/{artifact.name}"
            empty = False
    return stages[0].name if stages and empty and len(stages) == len(entries) else None
