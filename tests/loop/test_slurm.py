"""A study on a real Slurm of one node: resources passed on, short stages grouped, killed jobs retried."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.loop.cluster import Cluster, cluster, missing_programs
from tests.loop.plugins import needs_plugin
from tests.loop.processes import jobs_of, parent_of, until, working_in
from tests.loop.project import SmallProject

pytestmark = [
    pytest.mark.slow,
    needs_plugin("slurm"),
    pytest.mark.skipif(bool(missing_programs()), reason=f"not installed: {', '.join(missing_programs())}"),
    pytest.mark.skipif(os.getuid() != 0, reason="slurmd runs jobs as root here"),
]

PATIENCE_S = 180  # of a loaded machine
PLACES = {
    name: {"title": name, "source": {"kind": "hidden_site", "seed": seed, "photos": 12}}
    for seed, name in enumerate(("first", "second"))
}
STUDY = {
    "locations": list(PLACES),
    "tasks": [],
    "approaches": [],
    "baseline": None,
    "seeds": [],
    "trials": {},
    "targets": ["splat"],
}


@pytest.fixture(scope="module")
def slurm() -> Iterator[Cluster]:
    with cluster() as made:
        yield made


def test_killed_jobs_are_retried_and_resources_and_groups_arrive(slurm: Cluster, tmp_path: Path) -> None:
    project = SmallProject(tmp_path, STUDY, PLACES)
    command = [
        sys.executable,
        "-m",
        "snakemake",
        "--profile",
        "profiles/slurm",
        "--set-resources",
        "splat:gpu=1",
        "--seconds-between-status-checks",
        "1",
        "--slurm-init-seconds-before-status-checks",
        "1",
    ]
    environment = {**slurm.environment, **project.environment(), "PATH": slurm.environment["PATH"]}
    with (tmp_path / "output").open("w") as output:
        snakemake = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=output, stderr=output)
        try:
            in_group_job_scheduler_killed(project.root)
            one_process_killed_and_one_job_cancelled(slurm, project.root)
            assert snakemake.wait(PATIENCE_S) == 0, (tmp_path / "output").read_text()[-4000:]
        finally:
            snakemake.kill()
            snakemake.wait()
    assert project.verify() == 5
    assert project.to_build() == set()
    assert jobs_of(project.root) == []
    assert "profiles/default" in (tmp_path / "output").read_text()

    captures = [job for job in slurm.jobs() if "captures" in job["Comment"]]
    splats = [job for job in slurm.jobs() if "splat" in job["Comment"]]
    assert sorted(job["JobState"] for job in captures) == ["COMPLETED", "FAILED"]
    assert sorted(job["JobState"] for job in splats) == ["CANCELLED", "COMPLETED", "COMPLETED", "FAILED"]
    asked = sorted((job["JobState"], job["TRES"].partition(",node=")[0], job["TimeLimit"]) for job in captures)
    assert asked == [("COMPLETED", "cpu=2,mem=4000M", "00:20:00"), ("FAILED", "cpu=2,mem=2000M", "00:10:00")], "two in one job"
    lost = {"FAILED": "cpu=1,mem=1000M", "CANCELLED": "cpu=1,mem=1000M", "COMPLETED": "cpu=1,mem=2000M"}
    assert all(lost[job["JobState"]] in job["TRES"] for job in splats)
    assert all(job["TresPerJob"] == "gres:gpu:1" for job in splats)
    assert all("TresPerJob" not in job for job in captures)


def in_group_job_scheduler_killed(root: Path) -> None:
    """SIGKILL the Snakemake that runs the group inside its Slurm job: its jobs end with it, under slurmstepd, too."""
    assert until(lambda: jobs_of(root), PATIENCE_S)
    running = jobs_of(root)
    os.kill(parent_of(running[0]), signal.SIGKILL)
    assert until(lambda: not set(running) & set(jobs_of(root)), 3), "a job outlived its scheduler"


def one_process_killed_and_one_job_cancelled(slurm: Cluster, root: Path) -> None:
    """SIGKILL the first splat's process; cancel the second splat's Slurm job."""
    assert until(lambda: working_in(root, "runtime", "splat"), PATIENCE_S)
    killed = working_in(root, "runtime", "splat")[0]
    os.kill(killed, signal.SIGKILL)
    assert until(lambda: set(working_in(root, "runtime", "splat")) - {killed}, PATIENCE_S)
    environment = (Path("/proc") / str((set(working_in(root, "runtime", "splat")) - {killed}).pop()) / "environ").read_bytes()
    number = next(e.split(b"=")[1] for e in environment.split(b"\0") if e.startswith(b"SLURM_JOB_ID="))
    slurm.ask("scancel", number.decode())
