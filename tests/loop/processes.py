"""Processes that work in a project, found in `/proc`."""

import time
from collections.abc import Callable
from pathlib import Path


def working_in(root: Path, *words: str) -> list[int]:
    """Ids of processes whose working folder is `root` and whose command line has all of `words`, in any order."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "cwd").readlink() == root:
                command = (entry / "cmdline").read_bytes().split(b"\0")
                if all(word.encode() in command for word in words):
                    found.append(int(entry.name))
        except OSError:
            continue
    return found


def jobs_of(root: Path) -> list[int]:
    """Ids of the jobs (`python -m runtime`) of the project in `root`."""
    return working_in(root, "-m", "runtime")


def parent_of(process: int) -> int:
    """Id of a process's parent."""
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])


def until(condition: Callable[[], object], seconds: float, every: float = 0.05) -> bool:
    """Wait until `condition` holds; False when it did not in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(every)
    return False
