"""Artifacts that were truncated, altered or swapped are found, refused by name, set aside and built again."""

import shutil
from pathlib import Path

import pytest

from tests.loop.project import SmallProject
from tests.loop.tiny import assert_completes, tiny_project

pytestmark = pytest.mark.slow


def test_damage_is_found_refused_and_mended(tmp_path: Path) -> None:
    project = tiny_project(tmp_path)
    assert_completes(project)
    digests = every_digest(project)

    shutil.rmtree(tmp_path / ".snakemake")
    splats = folders(project, "splat")
    truncate(splats[0] / "splat.ply")
    flip_one_bit(splats[1] / "splat.ply")
    swap(*folders(project, "capture"))
    verify_tells(project, 4)
    assert_completes(project)
    assert every_digest(project) == digests

    swap(*folders(project, "capture"))
    for splat in splats:
        shutil.rmtree(splat)
    done = project.snakemake()
    assert done.returncode != 0
    assert "error[B311]" in done.stdout + done.stderr
    assert "what stands here is" in done.stdout + done.stderr
    assert folders(project, "splat") == [], "nothing was built from the wrong place"
    verify_tells(project, 2)
    assert_completes(project)
    assert every_digest(project) == digests


def verify_tells(project: SmallProject, damaged: int) -> None:
    """`simkiln verify` finds so many damaged artifacts and sets them aside."""
    told = project.simkiln("verify")
    assert told.returncode != 0
    assert f"{damaged} damaged" in told.stdout
    assert "Traceback" not in told.stderr


def every_digest(project: SmallProject) -> dict[str, dict]:
    """Address -> digests of its files."""
    return {
        f"{stage}/{name}": project.store.manifest(stage, name)["files"]
        for stage, names in project.store.listing().items()
        for name in names
    }


def folders(project: SmallProject, stage: str) -> list[Path]:
    """Folders of a stage's artifacts."""
    return [project.store.path(stage, name) for name in sorted(project.store.listing().get(stage, ()))]


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip_one_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)


def swap(first: Path, second: Path) -> None:
    for source, target in ((first, first.with_name("other")), (second, first), (first.with_name("other"), second)):
        source.rename(target)
