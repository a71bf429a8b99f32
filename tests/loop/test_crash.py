"""Killed at any moment, nothing wrong is accepted, and running again completes."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

from tests.loop.project import SmallProject

pytestmark = pytest.mark.slow

SHORT = {"approaches": [], "tasks": [], "seeds": [], "trials": {}, "baseline": None, "targets": ["coverage"]}


def short_project(root: Path) -> SmallProject:
    """Capture, splat and coverage only: three jobs in a few seconds."""
    return SmallProject(root, study=SHORT)


def jobs_of(root: Path) -> list[int]:
    """Process ids of jobs that work in `root`."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if (
                entry.name.isdigit()
                and (entry / "cwd").resolve() == root
                and b"runtime" in (entry / "cmdline").read_bytes()
            ):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


@pytest.mark.parametrize("victim", ["snakemake", "job", "both"])
def test_sigkill_at_random_moments(tmp_path: Path, victim: str) -> None:
    rng = np.random.default_rng(["snakemake", "job", "both"].index(victim))
    project = short_project(tmp_path)
    for _ in range(3):
        process = subprocess.Popen(
            project.command(), cwd=project.root, env=project.environment(), stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        time.sleep(rng.uniform(1.5, 6))
        if victim == "snakemake":
            process.kill()
        elif victim == "both":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            for pid in jobs_of(project.root):
                os.kill(pid, signal.SIGKILL)
        process.wait(timeout=120)
        deadline = time.monotonic() + 5
        while jobs_of(project.root) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert jobs_of(project.root) == [], "a job outlived its scheduler"
        project.verify()
        if victim == "both":
            shutil.rmtree(project.root / ".snakemake", ignore_errors=True)
    done = project.snakemake()
    assert done.returncode == 0, done.stderr[-3000:]
    assert project.verify() == 3
    assert project.to_build() == set()


def test_two_runs_at_once_share_the_work(tmp_path: Path) -> None:
    project = short_project(tmp_path)
    processes = [
        subprocess.Popen(
            project.command(), cwd=project.root, env=project.environment(), stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    for process in processes:
        _, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors[-3000:]
    assert project.verify() == 3


def test_full_disk(tmp_path: Path) -> None:
    project = short_project(tmp_path)
    project.store.root.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(project.store.root)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("a small file system cannot be mounted here (needs root)")
    try:
        done = project.snakemake()
        assert done.returncode != 0
        assert "B314" in done.stdout + done.stderr
        friendly = project.simkiln("run")
        assert friendly.returncode == 1
        assert "error[B314]: splat/place" in friendly.stderr, "the capture fitted, the splat does not"
        assert "0 built, 1 failed, 1 not run" in friendly.stderr
        assert "Traceback" not in done.stdout + done.stderr
        project.verify()
    finally:
        subprocess.run(["umount", str(project.store.root)], check=True)
    assert project.snakemake().returncode == 0
    assert project.verify() == 3
