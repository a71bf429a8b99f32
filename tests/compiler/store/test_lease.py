"""`simkiln gc` spares what a run in progress needs, also while none of its jobs runs, and on whatever host it is."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from compiler.cli import main
from compiler.graph.node import Address
from compiler.plan.study import open_project, plan_study
from compiler.run import hold as holding
from compiler.run.workflow import compile_study
from compiler.store import lease
from runtime.store.host import host
from runtime.store.store import Store
from tests import REPOSITORY
from tests.compiler.built import Built

GC = ["gc", "--yes", "--keep-days", "0"]
PLANNED = """
import sys
from compiler.run.workflow import compile_study
compile_study("study")
print("planned", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Built:
    """Policies are to be built; their parents are in the store."""
    monkeypatch.chdir(tmp_path)
    built = Built(tmp_path)
    built.publish("capture", "splat", "twin", "demos", "conditions")
    return built


def stored(project: Built) -> set[Address]:
    """But for condition sets, which are those of a task, wherever it is."""
    found = Store(project.root / "store").listing().items()
    return {(stage, name) for stage, names in found for name in names if stage != "conditions"}


def leave(project: Built) -> None:
    """Nothing that is in the store is asked for any more."""
    project.write("locations/attic.yaml", "title: Attic\nsource: {kind: hidden_site, seed: 9}\n")
    project.edit("study.yaml", "locations: [cellar]", "locations: [attic]")


@contextmanager
def run_in_progress(project: Built) -> Generator[subprocess.Popen[str]]:
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-c", PLANNED]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=project.root, env=environment, stdin=pipe, stdout=pipe, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "planned\n"
            yield process
        finally:
            process.kill()


def leases(project: Built) -> list[Path]:
    return [path for path in (project.root / "store/.leases").iterdir() if path.suffix == ".json"]


def test_a_run_keeps_what_its_waiting_jobs_read(project: Built, capsys: pytest.CaptureFixture[str]) -> None:
    before = stored(project)
    with run_in_progress(project) as process:
        leave(project)
        assert main(GC) == 0
        assert f"needed by a run of `study` on {host()}" in capsys.readouterr().out
        assert stored(project) == before
        assert [path.name for path in (project.root / "build/jobs/policy").iterdir()]
        assert [path.name for path in (project.root / "build/runs").iterdir()]
        process.communicate("")
    assert leases(project) == [], "it is given back at the end"
    assert main(GC) == 0
    assert stored(project) == set()


@pytest.mark.parametrize("age_s", [0, 3600, 2 * 86400])
def test_a_run_that_was_killed_or_is_elsewhere_holds_for_a_day(age_s: float, project: Built) -> None:
    before = stored(project)
    with run_in_progress(project) as process:
        process.kill()
    leave(project)
    (path,) = leases(project)
    if age_s:
        path.write_text(json.dumps(json.loads(path.read_text()) | {"host": "elsewhere", "boot": "another"}))
    os.utime(path, (time.time() - age_s, time.time() - age_s))
    assert main(GC) == 0
    assert stored(project) == (before if age_s < lease.LASTS_S else set())
    assert path.exists() == (age_s < lease.LASTS_S)


def test_a_run_that_sleeps_keeps_its_lease(project: Built) -> None:
    before = stored(project)
    with run_in_progress(project):
        leave(project)
        (path,) = leases(project)
        os.utime(path, (0, 0))
        assert main(GC) == 0
        assert stored(project) == before


def test_a_lease_is_renewed_also_when_it_was_lost(project: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "BEAT_S", 0.02)
    compile_study("study")
    (path,) = leases(project)
    for spoil in (lambda: os.utime(path, (0, 0)), path.unlink):
        spoil()
        deadline = time.monotonic() + 10
        while not path.exists() or path.stat().st_mtime < time.time() - 60:
            assert time.monotonic() < deadline
            time.sleep(0.02)
    holding.let_go()
    assert leases(project) == []


def test_a_lease_that_cannot_be_read_stops_gc(project: Built, capsys: pytest.CaptureFixture[str]) -> None:
    leave(project)
    before, path = stored(project), project.root / "store/.leases/other-1-abc.json"
    path.parent.mkdir()
    for spoil in (lambda: os.mkfifo(path), lambda: path.write_text("[" * 200_000), lambda: path.write_text("{")):
        path.unlink(missing_ok=True)
        spoil()
        assert main(GC) == 2
        assert "nothing is deleted" in capsys.readouterr().err
        assert stored(project) == before
    os.utime(path, (0, 0))
    assert main(GC) == 0
    assert not path.exists()


def test_a_run_that_begins_while_gc_deletes(project: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lease comes between the look and the rename: what was taken out is put back."""
    opened = open_project(project.root)
    plan = plan_study(opened, "study")
    needed = {parent.address for node in plan.build() for parent in node.parents()} & stored(project)
    assert needed
    leave(project)
    rename, done = Path.rename, []

    def late(self: Path, target: Path) -> Path:
        if target.parent.name == ".trash" and not done:
            done.append(1)
            holding.hold(opened, plan)
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", late)
    assert main(GC) == 0
    assert done
    assert stored(project) == needed
    holding.let_go()


def test_what_went_before_the_lease_was_written_is_planned_again(project: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    demos = next(node for node in project.nodes().values() if node.stage.name == "demos")
    take = lease.Lease.__init__

    def late(self: lease.Lease, root: Path, study: str, needs: list[Address]) -> None:
        if demos.address in stored(project):
            Store(root).set_aside(*demos.address)
        take(self, root, study, needs)

    monkeypatch.setattr(lease.Lease, "__init__", late)
    path = Path(compile_study("study"))
    assert demos.fingerprint in json.loads(path.read_text())["nodes"]["demos"]
    holding.let_go()
