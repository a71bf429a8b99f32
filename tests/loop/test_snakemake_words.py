"""What people know of Snakemake works here too: stopping early, asking, touching, trying again."""

import os
import signal
import subprocess
from pathlib import Path

import numpy as np
from PIL import Image

from tests.loop.processes import until, working_in
from tests.loop.project import SmallProject
from tests.loop.tiny import place, tiny_project, tiny_study


def test_flags_end_well_and_say_what_they_cannot_do(tmp_path: Path) -> None:
    project = tiny_project(tmp_path)
    project.write("study", tiny_study("first"))

    def said(*words: str, published: list[int]) -> str:
        done = project.snakemake(*words)
        assert done.returncode == 0, done.stdout + done.stderr
        assert [len(names) for names in project.store.listing().values()] == published, words
        return done.stderr

    first = said("--until", "capture", published=[1])
    assert "2 more are planned, which this call left out" in first
    assert ": capture/first\n" in first, "places, not hashes"
    assert "--touch: nothing is touched" in said("--touch", published=[1])
    assert "your workflow is in a good condition" in said("--lint", published=[1])
    assert "3 of 3 steps (100%) done" in said(published=[1, 1, 1])
    again = said("--until", "capture", "--forcerun", "splat", published=[1, 1, 1])
    assert "--forcerun: what is in the store is not built again" in again
    assert "Nothing to be done" in again
    assert "none is deleted: `simkiln gc`" in said("--delete-all-output", published=[1, 1, 1])


def test_a_killed_job_is_tried_again_and_a_refused_one_only_says_so(tmp_path: Path) -> None:
    noise = tmp_path / "roots" / "noise" / "images"
    noise.mkdir(parents=True)
    for i in range(6):
        Image.fromarray(np.random.default_rng(i).integers(0, 255, (48, 64, 3), dtype=np.uint8)).save(noise / f"{i}.png")
    study = {**tiny_study("refused", "killed"), "targets": ["capture"]}
    source = {"kind": "photos", "root": "r", "path": "noise", "poses": "none"}
    (tmp_path / "project").mkdir()
    project = SmallProject(tmp_path / "project", study, {"refused": {"title": "x", "source": source}, "killed": place("x", 1)})
    (project.root / "simkiln.local.yaml").write_text(f"roots: {{r: {tmp_path / 'roots'}}}\n")
    fingerprint = {label: node["fingerprint"] for label, node in project.plan().items()}
    command = project.command("--retries", "2", "--cores", "1")
    with subprocess.Popen(command, cwd=project.root, env=project.environment(), stderr=subprocess.PIPE, text=True) as snakemake:
        assert until(lambda: working_in(project.root, "runtime", fingerprint["capture/killed"]), 60)
        os.kill(working_in(project.root, "runtime", fingerprint["capture/killed"])[0], signal.SIGKILL)
        said = snakemake.communicate(timeout=120)[1]
    assert snakemake.returncode == 1
    assert project.store.listing() == {"capture": {fingerprint["capture/killed"]}}
    assert [said.count(words) for words in ("finding cameras", "error[R219]", "not tried again")] == [1, 3, 2]
