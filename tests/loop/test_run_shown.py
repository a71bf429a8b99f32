"""`simkiln run` on a terminal: what is made, where, what comes next, the first pictures; and Ctrl-C, after which it goes on."""

import fcntl
import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from tests.loop.project import SmallProject
from tests.loop.tiny import NO_TRIALS

pytestmark = pytest.mark.slow


def on_a_terminal(project: SmallProject, until: str) -> tuple[int, str]:
    """Run on a terminal of its own until it shows `until`; then press Ctrl-C. The exit code and all that was shown."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, b"\x32\x00\xa0\x00\x00\x00\x00\x00")  # 50 lines of 160 columns

    def take() -> None:
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # whoever runs the tests in the background lets it be ignored

    command = [sys.executable, "-m", "compiler.cli", "run"]
    environment = {**project.environment(), "TERM": "xterm"}
    process = subprocess.Popen(
        command, cwd=project.root, env=environment, stdin=theirs, stdout=theirs, stderr=theirs, preexec_fn=take
    )
    os.close(theirs)
    shown, pressed, end = "", False, time.monotonic() + 300
    while time.monotonic() < end:
        if select.select([ours], [], [], 0.2)[0]:
            try:
                shown += os.read(ours, 65536).decode(errors="replace")
            except OSError:  # nobody holds the other side any more
                break
        if until in shown and not pressed:
            os.write(ours, b"\x03")
            pressed = True
    os.close(ours)
    return process.wait(60), shown


def test_it_says_what_it_does_and_goes_on_after_ctrl_c(tmp_path: Path) -> None:
    project = SmallProject(
        tmp_path, study={**NO_TRIALS, "tasks": [], "targets": ["coverage"], "stages": {"splat": {"iterations": 1200}}}
    )
    code, shown = on_a_terminal(project, "now   splat/place")
    assert code == 130, shown
    assert "next  1 coverage" in shown
    assert "interrupted: 1 of 4 are built and kept; the same command goes on there" in shown
    assert "Traceback" not in shown
    done = project.simkiln("run")
    assert done.returncode == 0, done.stderr
    assert "[1/3] splat/place" in done.stderr
    assert "picture: store/splat/" in done.stderr
    assert "[2/3] coverage/place" in done.stderr
