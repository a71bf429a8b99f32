"""A study whose jobs take less than a second each: captures and splats of two hidden sites, as small as they go."""

import os
import signal
import subprocess
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.loop.processes import jobs_of, until, working_in
from tests.loop.project import SmallProject

PLACES = ("first", "second")
ARTIFACTS = 5  # and the page
NO_TRIALS = {"standing_gates": False, "approaches": [], "tasks": [], "seeds": [], "trials": {}, "baseline": None}


def tiny_project(root: Path) -> SmallProject:
    """Two captures, and a splat of each."""
    return SmallProject(root, tiny_study(*PLACES), {name: place(name, seed) for seed, name in enumerate(PLACES)})


def tiny_study(*places: str) -> dict:
    """A study of the splats of some places."""
    stages = {"capture": {"width_px": 48}, "splat": {"iterations": 1}}
    return {**NO_TRIALS, "title": "tiny", "locations": list(places), "targets": ["splat"], "stages": stages}


def place(title: str, seed: int) -> dict:
    """A location with as few photos as may be."""
    return {"title": title, "source": {"kind": "hidden_site", "seed": seed, "photos": 8}}


@contextmanager
def started(project: SmallProject, *words: str, **environment: str) -> Generator[subprocess.Popen]:
    """Snakemake in a process group of its own, which is gone at the end whatever happens."""
    process = subprocess.Popen(
        project.command(*words),
        cwd=project.root,
        env={**project.environment(), **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        kill_group(process)
        process.wait()


def kill_group(process: subprocess.Popen) -> None:
    """SIGKILL Snakemake and its jobs at once."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def assert_nothing_writes(project: SmallProject) -> None:
    """No process of the project is left, and each artifact is whole."""
    assert until(lambda: not jobs_of(project.root), 5), "a job outlived its scheduler"
    assert until(lambda: not working_in(project.root), 5), "a process outlived its scheduler"
    project.verify()


def assert_completes(project: SmallProject, artifacts: int = ARTIFACTS) -> None:
    """Running again builds what is missing, all of it whole, and leaves nothing to do."""
    done = project.snakemake()
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert_nothing_writes(project)
    assert project.verify() == artifacts
    assert project.to_build() == set()
