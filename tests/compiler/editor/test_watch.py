"""`simkiln watch`: what changed, what is new, what is mended; quiet while nothing happens; Ctrl-C ends it well."""

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from compiler.diagnostics.diagnostic import Diagnostic, Span
from compiler.editor.watch import changed, compare, snapshot
from tests.conftest import REPOSITORY
from tests.errors.cases import base

PATIENCE_S = 60


class Watching:
    """A `simkiln watch` in a project, and what it has said."""

    def __init__(self, root: Path) -> None:
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONUNBUFFERED": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "compiler.cli", "watch"],
            cwd=root,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background jobs ignore it
        )
        self.said: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        for line in self.process.stdout or ():
            self.said.put(line.rstrip("\n"))

    def until_blank(self) -> list[str]:
        """The lines of one check."""
        lines = []
        while line := self.said.get(timeout=PATIENCE_S):
            lines.append(line)
        return lines

    def until(self, words: str) -> list[str]:
        """Lines up to the one that holds `words`."""
        lines = [self.said.get(timeout=PATIENCE_S)]
        while words not in lines[-1]:
            lines.append(self.said.get(timeout=PATIENCE_S))
        return lines

    def cpu_s(self) -> float:
        """CPU seconds so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.fixture
def watching(tmp_path: Path) -> Iterator[Watching]:
    base().write(tmp_path)
    found = Watching(tmp_path)
    yield found
    found.process.kill()
    found.process.wait()


def test_a_session(watching: Watching, tmp_path: Path) -> None:
    first = watching.until_blank()
    assert "watching the specs" in first[0]
    assert first[1] == "all specs are fine"
    study = tmp_path / "specs/study.yaml"
    good = study.read_text(encoding="utf-8")
    study.write_text(good.replace("[cellar]", "[celar]"), encoding="utf-8")
    said = watching.until("new:")
    assert "specs/study.yaml changed" in said[0]
    assert "1 error; more: simkiln explain R201" in said
    assert said[-1] == "new: error[R201] specs/study.yaml:2:13: unknown location `celar`"
    assert not any("\x1b" in line for line in said)
    temporary = study.with_name("study.yaml~")  # as editors save: a new file in the place of the old one
    temporary.write_text("# a line more\n" + good, encoding="utf-8")
    temporary.replace(study)
    said = watching.until("mended:")
    assert said[-1] == "mended: error[R201] specs/study.yaml:2:13: unknown location `celar`"
    assert "all specs are fine" in said
    watching.process.send_signal(signal.SIGINT)
    assert watching.process.wait(PATIENCE_S) == 0


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="CPU time is read from /proc")
def test_it_rests_while_nothing_happens(watching: Watching) -> None:
    watching.until_blank()
    begin = watching.cpu_s()
    time.sleep(3)
    assert watching.cpu_s() - begin <= 0.3


def test_files_added_removed_and_written(tmp_path: Path) -> None:
    base().write(tmp_path)
    before = snapshot(tmp_path)
    assert "specs/locations/cellar.yaml" in before
    (tmp_path / "specs/locations/cellar.yaml").unlink()
    (tmp_path / "specs/locations/attic.yaml").write_text("title: Attic\n", encoding="utf-8")
    (tmp_path / "simkiln.local.yaml").write_text("roots: {}\n", encoding="utf-8")
    (tmp_path / "specs/notes.txt").write_text("x", encoding="utf-8")
    (tmp_path / "specs/loop").symlink_to(".")
    os.utime(tmp_path / "specs/study.yaml", ns=(1, 1))
    specs = [f"specs/{name}.yaml" for name in ("locations/attic", "locations/cellar", "study")]
    assert changed(before, snapshot(tmp_path)) == ["simkiln.local.yaml", *specs]


def test_a_problem_that_moved_is_neither_new_nor_mended() -> None:
    one, moved = (Diagnostic("S101", "x", Span("a", line)) for line in (1, 9))
    other = Diagnostic("S101", "y", Span("a"))
    assert compare([one], [moved]).new == []
    assert compare([one], [moved]).mended == []
    assert compare([one, one], [moved]).mended == [one]
    assert compare([], [other]).new == [other]
