"""Full disk, read-only store, two schedulers at once, a clock that jumps back: nothing wrong is accepted."""

import os
import shutil
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from runtime.store.store import Store
from tests.loop.processes import jobs_of, until
from tests.loop.project import SmallProject
from tests.loop.tiny import (
    ARTIFACTS,
    NO_TRIALS,
    PLACES,
    assert_completes,
    assert_nothing_writes,
    started,
    tiny_project,
    tiny_study,
)
from tests.mounts import two_views

pytestmark = pytest.mark.slow

FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")


def both_at_once(project: SmallProject, *configs: list[str]) -> None:
    """Start Snakemake once for each `configs` at the same time; all must succeed."""
    processes = [
        subprocess.Popen(
            project.command(*words),
            cwd=project.root,
            env=project.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for words in configs
    ]
    for process in processes:
        _, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors[-3000:]
    assert_nothing_writes(project)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> SmallProject:
    """Built by two schedulers that started on the same targets at once."""
    project = tiny_project(tmp_path_factory.mktemp("built"))
    both_at_once(project, [], [])
    return project


@pytest.fixture
def project(built: SmallProject, tmp_path: Path) -> SmallProject:
    """A copy of the built project: a store may be moved with its project."""
    shutil.copytree(built.root, tmp_path / "copy", symlinks=True)
    copy = object.__new__(SmallProject)
    copy.root, copy.store = tmp_path / "copy", Store(tmp_path / "copy" / "store")
    return copy


def forget(project: SmallProject, stage: str, number: int) -> None:
    """Delete artifacts of a stage."""
    for name in sorted(project.store.listing()[stage])[:number]:
        shutil.rmtree(project.store.path(stage, name))


def test_two_schedulers_on_the_same_and_on_disjoint_targets(project: SmallProject) -> None:
    assert project.verify() == ARTIFACTS
    assert project.to_build() == set()
    for name in PLACES:
        project.write(f"studies/only-{name}", tiny_study(name))
    for stage in ("capture", "splat"):
        forget(project, stage, 2)
    both_at_once(project, *[["--config", f"study=only-{name}"] for name in PLACES])
    assert project.verify() == ARTIFACTS + len(PLACES), "each study has its page"
    assert project.to_build() == set()


def test_two_hosts_share_project_and_store_without_locks(project: SmallProject, tmp_path: Path) -> None:
    for stage in ("capture", "splat"):
        forget(project, stage, 2)
    with two_views(project.root, tmp_path / "host-a", tmp_path / "host-b") as hosts:
        processes = [
            subprocess.Popen(
                project.command(),
                cwd=host,
                env=project.environment(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
            for host in hosts
        ]
        for process in processes:
            _, errors = process.communicate(timeout=300)
            assert process.returncode == 0, errors[-3000:]
    assert project.verify() == ARTIFACTS
    assert project.to_build() == set()
    assert list((project.store.root / ".tmp").iterdir()) == []


def test_full_disk(tmp_path: Path) -> None:
    project = SmallProject(tmp_path, study={**NO_TRIALS, "tasks": [], "targets": ["coverage"]})
    with mounted(project.store.root, "-t", "tmpfs", "-o", "size=300k", "tmpfs"):
        done = project.simkiln("run")
        assert done.returncode == 1
        assert "error[B314]: splat/place" in done.stderr, "the capture fitted, the splat does not"
        assert "1 built, 1 failed, 2 not run" in done.stderr
        assert "Traceback" not in done.stdout + done.stderr
        assert project.verify() == 1
    assert "R232" in project.snakemake().stderr, "what is left of a mount is no new store"
    (tmp_path / "build" / "store.json").unlink()
    assert_completes(project, 4)


def test_read_only_store(project: SmallProject) -> None:
    with mounted(project.store.root, "--bind", "-o", "ro", str(project.store.root)):
        done = project.snakemake()
        assert done.returncode == 0, done.stderr
        assert "Nothing to be done" in done.stdout + done.stderr
    forget(project, "splat", 1)
    with mounted(project.store.root, "--bind", "-o", "ro", str(project.store.root)):
        assert len(project.to_build()) == 1
        done = project.snakemake()
        assert done.returncode != 0
        assert "B314" in done.stdout + done.stderr
        assert "Traceback" not in done.stdout + done.stderr
    assert_completes(project)


def test_files_from_the_future(project: SmallProject) -> None:
    """The clock was ahead, and is right again: no file's time says whether anything is up to date."""
    ahead = time.time() + 3 * 86400
    for path in project.root.rglob("*"):
        os.utime(path, (ahead, ahead), follow_symlinks=False)
    assert project.to_build() == set()
    forget(project, "splat", 1)
    assert_completes(project)


def without_slurm(root: Path) -> Path:
    """A search path without Slurm: its plug-in calls `scontrol` when imported, and cannot do that on a false clock."""
    folder = root / "bin"
    folder.mkdir()
    for program in ("bash", "sh", "env", "rm", "mkdir", "touch", "cat", "uname", "which"):
        (folder / program).symlink_to(shutil.which(program) or program)
    return folder


def test_the_clock_jumps_back_while_jobs_run(project: SmallProject) -> None:
    if not FAKETIME.exists():
        pytest.skip("libfaketime is not installed")
    forget(project, "capture", 1)
    forget(project, "splat", 2)
    clock = project.root / "clock"
    clock.write_text("+0")
    environment = {
        "LD_PRELOAD": str(FAKETIME),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
        "PATH": str(without_slurm(project.root)),
    }
    with started(project, **environment) as snakemake:
        assert until(lambda: jobs_of(project.root), 60)
        clock.write_text("-2d")
        assert snakemake.wait(120) == 0
    assert project.verify() == ARTIFACTS
    assert project.to_build() == set()


@contextmanager
def mounted(folder: Path, *words: str) -> Generator[None]:
    """Mount something at a folder, or skip; taken away again whatever happens."""
    folder.mkdir(exist_ok=True)
    if subprocess.run(["mount", *words, str(folder)], capture_output=True, check=False).returncode:
        pytest.skip("a file system cannot be mounted here (needs root)")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)
