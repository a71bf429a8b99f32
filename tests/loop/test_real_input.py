"""Real photos and a real splat, through the commands of the README, at small size."""

import json
from pathlib import Path

import pytest
import yaml

from tests.loop.project import REPOSITORY, SMALL, SmallProject
from tests.loop.tiny import NO_TRIALS

pytestmark = pytest.mark.slow


def real(tmp_path: Path, name: str, small: dict) -> SmallProject:
    """The repository's own study and location of that name, with smaller parameters."""
    study = yaml.safe_load((REPOSITORY / "specs" / "studies" / f"{name}.yaml").read_text())
    location = yaml.safe_load((REPOSITORY / "specs" / "locations" / f"{name}.yaml").read_text())
    stages = {**SMALL, **small}
    for stage, settings in location.get("stages", {}).items():  # they would count for more than the study's
        settings |= stages.get(stage, {})
    return SmallProject(tmp_path, {**NO_TRIALS, **study, "stages": stages}, {name: location})


def roots(shared_data: Path) -> list[str]:
    return ["--root", f"captures={shared_data / 'captures'}", "--root", f"splats={shared_data / 'splats'}"]


def facts(project: SmallProject, stage: str) -> dict:
    (name,) = project.store.listing()[stage]
    return project.store.check(stage, name)["metrics"]


def test_buddha_goes_through_the_whole_loop(tmp_path: Path, shared_data: Path) -> None:
    project = real(tmp_path, "buddha", {"capture": {"width_px": 120}})
    project.write("study", {**yaml.safe_load((tmp_path / "specs/study.yaml").read_text()), "trials": {"twin": 3}})
    done = project.simkiln("run", *roots(shared_data))
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    project.verify()
    stages = set(project.store.listing()) - {".tmp", ".locks"}
    assert {"capture", "splat", "coverage", "twin", "demos", "policy", "evaluate", "uplift", "report"} <= stages
    assert facts(project, "splat")["psnr"] > 10
    assert facts(project, "twin")["area_seen"] > 0.5, "haze hides the robot from its camera"
    report = json.loads(next((tmp_path / "store" / "report").glob("*/report.json")).read_text())
    assert "buddha" in json.dumps(report)
    assert (tmp_path / "build" / "report" / "study.html").stat().st_size > 20_000


def test_lund_street_without_poses_up_to_coverage(tmp_path: Path, shared_data: Path) -> None:
    project = real(tmp_path, "lund-street", {"capture": {"width_px": 160}, "splat": {"iterations": 60, "photo_width_px": 80}})
    done = project.simkiln("run", *roots(shared_data))
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert project.verify() == 4
    assert facts(project, "coverage")["frames"] > 0


def test_playbot_is_taken_over_up_to_coverage(tmp_path: Path, shared_data: Path) -> None:
    project = real(tmp_path, "playbot", {})
    done = project.simkiln("run", *roots(shared_data))
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert project.verify() == 4
    assert facts(project, "coverage")["frames"] > 0


def test_an_unset_root_says_how_to_set_it(tmp_path: Path) -> None:
    project = real(tmp_path, "playbot", {})
    done = project.simkiln("run")
    assert done.returncode == 1
    assert "--root splats=DIR" in done.stderr
    assert "Traceback" not in done.stderr
