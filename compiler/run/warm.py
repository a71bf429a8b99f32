"""Jobs of this machine ask warm processes (`runtime/warm.py`), which this run's Snakemake starts with its first job."""

import atexit
import os
import secrets
import shutil
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from compiler.run.frozen_plan import FrozenPlan
from runtime.private import private_folder
from runtime.store.host import alive

VARIABLE = "SIMKILN_NO_WARM"
FEWEST = 4
"""Jobs of a run for which it pays."""
ASK = Path(__file__).resolve().parents[2] / "runtime" / "ask.py"


class Warm:
    """The words that start a job. `here` says whether Snakemake runs jobs itself: it knows only once it has begun."""

    def __init__(self, plan: FrozenPlan, python: str, here: Callable[[], bool]) -> None:
        self._plan, self._python, self._here = plan, python, here
        self._folder: Path | None = None
        self._asked = False

    def words(self) -> list[str]:
        """The words before `-m runtime`."""
        if not self._asked and self._here():
            self._asked = True
            self._folder = self._start()
        return [self._python] if self._folder is None else [self._python, "-I", "-S", str(ASK), str(self._folder)]

    def _start(self) -> Path | None:
        jobs = Counter(stage for stage, _, _ in self._plan.jobs())
        if jobs.total() < FEWEST or sys.platform != "linux" or os.environ.get(VARIABLE, "") not in ("", "0"):
            return None
        folders = private_folder("warm")
        for left in folders.glob("*-*"):  # by one that was killed
            if not alive(left.name.split("-")[0]):
                shutil.rmtree(left, ignore_errors=True)
        folder = folders / f"{os.getpid()}-{secrets.token_hex(4)}"
        sockets: dict[str, socket.socket] = {}
        try:
            folder.mkdir(mode=0o700)
            for stage in jobs:
                sockets[stage] = socket.socket(socket.AF_UNIX)
                sockets[stage].bind(str(folder / stage))
                sockets[stage].listen(1024)
            handles = [found.fileno() for found in sockets.values()]
            listening = [f"{stage}:{handle}:{count}" for (stage, count), handle in zip(jobs.items(), handles, strict=True)]
            command = [self._python, "-m", "runtime", "--serve", str(folder), *listening]
            root = subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=handles)
        except OSError:  # such as a folder for temporary files whose name is too long for a socket
            return None
        finally:
            for found in sockets.values():
                found.close()
        atexit.register(_end, root)
        return folder


def _end(root: subprocess.Popen[bytes]) -> None:
    assert root.stdin is not None
    root.stdin.close()
    root.wait()
