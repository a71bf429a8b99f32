"""A capture whose files change while it is planned and built: never another file's artifact under an address."""

import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from compiler.cli import main
from compiler.run.workflow import compile_study
from runtime import files
from runtime.build import captured
from runtime.build.testing import run_stage
from runtime.capture.digest import copy_source
from runtime.sealed import sealed, unsealed
from runtime.store.store import Store
from tests.compiler.published import planned
from tests.loop.project import SmallProject
from tests.loop.tiny import NO_TRIALS

PROPERTIES = "x y z f_dc_0 f_dc_1 f_dc_2 opacity scale_0 scale_1 scale_2 rot_0 rot_1 rot_2 rot_3".split()


def splat(seed: int) -> bytes:
    """A PLY of 50 Gaussians; of one size whatever the seed."""
    rows = np.random.default_rng(seed).normal(size=(50, len(PROPERTIES))).astype("<f4")
    named = "".join(f"property float {name}\n" for name in PROPERTIES)
    return f"ply\nformat binary_little_endian 1.0\nelement vertex 50\n{named}end_header\n".encode() + rows.tobytes()


@pytest.fixture
def project(tmp_path: Path) -> SmallProject:
    """One location with an existing splat."""
    source = {"kind": "splat", "root": "splats", "path": "s.ply", "up": [0, 0, 1], "scale_m_per_unit": 1.0}
    study = {**NO_TRIALS, "title": "splat", "locations": ["place"], "targets": ["capture"], "stages": {}}
    for folder in ("splats", "project"):
        (tmp_path / folder).mkdir()
    (tmp_path / "splats" / "s.ply").write_bytes(splat(0))
    found = SmallProject(tmp_path / "project", study, {"place": {"title": "A place", "source": source}})
    (found.root / "simkiln.local.yaml").write_text("roots: {splats: ../splats}\n")
    return found


def swap_once_planned(project: SmallProject, seed: int) -> threading.Thread:
    """Put another splat in place as soon as there is a job for the first; the job's process takes longer to start."""

    def swap() -> None:
        until = time.monotonic() + 60
        while not list(project.root.glob("build/jobs/capture/*.json")) and time.monotonic() < until:
            time.sleep(0.002)
        (project.root.parent / "splats" / "s.ply").write_bytes(splat(seed))

    thread = threading.Thread(target=swap)
    thread.start()
    return thread


def built(project: SmallProject) -> list[bytes]:
    """The splats that are in the store."""
    store = Store(project.root / "store")
    return [store.path("capture", name).joinpath("splat.ply").read_bytes() for name in store.listing().get("capture", ())]


def test_run_plans_again(project: SmallProject) -> None:
    thread = swap_once_planned(project, 1)
    done = project.simkiln("run", "--cores", "1")
    thread.join()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "planning again" in done.stderr
    assert "[1/2] capture/place" in done.stderr, "where nobody watches, a line for each artifact"
    assert built(project) == [splat(1)]


def test_a_job_publishes_what_was_planned_or_nothing(project: SmallProject, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project.root)
    compile_study("study")
    (job,) = project.root.glob("build/jobs/capture/*.json")
    command = [sys.executable, "-m", "runtime", "capture", job.stem]
    for seed, code in ((1, 1), (0, 0)):
        (project.root.parent / "splats" / "s.ply").write_bytes(splat(seed))
        done = subprocess.run(command, env=project.environment(), capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stderr
        assert ("error[B317]: capture/place: the capture `s.ply` changed while it was" in done.stderr) is bool(code)
        assert ("call it again" in done.stderr) is bool(code)
        assert built(project) == [splat(0)][code:]


def test_planning_again_has_an_end(
    project: SmallProject, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    calls: list[int] = []
    monkeypatch.chdir(project.root)
    monkeypatch.setattr("compiler.run.progress.watch", lambda *_: calls.append(1) or 1)
    monkeypatch.setattr("compiler.run.failures.captures_changed", lambda *_: True)
    monkeypatch.setattr("compiler.run.failures.newest", lambda *_: len(calls))
    assert main(["run"]) == 1
    assert len(calls) == 3
    assert capsys.readouterr().err.count("planning again") == 2


def test_what_is_read_is_what_was_digested(project: SmallProject, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file changes after its digest was taken, before the stage reads it."""
    ply = project.root.parent / "splats" / "s.ply"

    def changing(*given: Any) -> Any:
        found = copy_source(*given)
        ply.write_bytes(splat(9))
        return found

    monkeypatch.setattr(captured, "copy_source", changing)
    source = {"kind": "splat", "root": "splats", "path": "s.ply", "up": [0, 0, 1], "scale_m_per_unit": 1.0}
    artifact = run_stage("capture", {"source": source}, {}, project.root / "store", source_dir=ply)
    assert (artifact / "splat.ply").read_bytes() == splat(0)
    assert sorted(path.name for path in artifact.iterdir()) == ["cameras.json", "manifest.json", "points.npz", "splat.ply"]


def test_without_caches_every_file_is_read(project: SmallProject, monkeypatch: pytest.MonkeyPatch) -> None:
    """A branch of a stranger's could bring digests with it."""
    monkeypatch.setattr(files, "RACY_NS", 0)

    def address() -> set[tuple[str, str]]:
        return {node.address for node in planned(project.root)[1].build()}

    true = address()
    (memory,) = (project.root / "build/cache/digests").iterdir()
    known = json.loads(unsealed(memory.read_bytes()))
    memory.write_text(sealed(json.dumps({name: [*state, "0" * 64] for name, (*state, _) in known.items()})))
    assert address() != true
    monkeypatch.setenv("SIMKILN_NO_CACHE", "1")
    assert address() == true
