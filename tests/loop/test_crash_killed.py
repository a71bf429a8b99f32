"""SIGKILL of a job, of Snakemake, of both, at 50 random moments: nothing wrong is accepted, and a rerun completes."""

import os
import shutil
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from tests.loop.processes import jobs_of, until
from tests.loop.project import SmallProject
from tests.loop.tiny import ARTIFACTS, assert_completes, assert_nothing_writes, kill_group, started, tiny_project

pytestmark = pytest.mark.slow

MOMENTS = 50


def test_sigkill_at_fifty_moments(tmp_path: Path) -> None:
    halves = [tmp_path / "a", tmp_path / "b"]
    for half in halves:
        half.mkdir()
    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(strike, half, seed) for seed, half in enumerate(halves)]
    kills = [kill for future in futures for kill in future.result()]
    assert len(kills) >= MOMENTS
    assert min(kills.count(victim) for victim in ("job", "snakemake", "both")) >= MOMENTS // 6, kills


def test_a_job_ends_with_its_scheduler(tmp_path: Path) -> None:
    project = tiny_project(tmp_path)
    with started(project) as snakemake:
        folders = project.store.root / ".tmp"
        assert until(lambda: list(folders.glob("*")), 60), "a stage runs"
        running = [int(folder.name.split("-")[-2]) for folder in folders.glob("*")]
        for job in running:
            os.kill(job, signal.SIGSTOP)  # so that it cannot come to its end by itself
        snakemake.kill()
        assert until(lambda: not set(running) & set(jobs_of(project.root)), 10)


def strike(root: Path, seed: int) -> list[str]:
    """Half of the moments over one store: each Snakemake loses a job, or none, and is then killed itself."""
    rng = np.random.default_rng(seed)
    project = tiny_project(root)
    kills: list[str] = []
    while len(kills) < MOMENTS // 2:
        forget_some(project, rng)
        with started(project) as snakemake:
            while_it_plans = rng.random() < 0.2
            if while_it_plans:
                time.sleep(rng.uniform(0, 2))
            elif kill_one_job(project, snakemake, rng):
                kills.append("job")
                time.sleep(rng.uniform(0, 1.5))
            both = kills.count("both") <= kills.count("snakemake")
            if snakemake.poll() is None:
                kills.append("both" if both else "snakemake")
                kill_group(snakemake) if both else snakemake.kill()
            assert_nothing_writes(project)
        if rng.random() < 0.2:
            shutil.rmtree(project.root / ".snakemake", ignore_errors=True)
    for name in project.store.listing().get("splat", ()):  # where a splat stands, its capture need not
        shutil.rmtree(project.store.path("splat", name))
    assert_completes(project)
    return kills


def forget_some(project: SmallProject, rng: np.random.Generator) -> None:
    """When more than half is built, delete artifacts at random, so that there is something to do."""
    built = [(stage, name) for stage, names in sorted(project.store.listing().items()) for name in sorted(names)]
    if len(built) > ARTIFACTS // 2:
        for index in rng.permutation(len(built))[: rng.integers(1, len(built) + 1)]:
            shutil.rmtree(project.store.path(*built[index]))


def kill_one_job(project: SmallProject, snakemake: subprocess.Popen, rng: np.random.Generator) -> bool:
    """Wait for a job, let it work for a while, kill it; False when it was too late."""
    until(lambda: jobs_of(project.root) or snakemake.poll() is not None, 60)
    time.sleep(rng.uniform(0, 0.8))
    running = jobs_of(project.root)
    if not running:
        return False
    try:
        os.kill(running[rng.integers(len(running))], signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True
