"""A study with a camera on the wrist, by Snakemake, from photos to the report."""

import json
from pathlib import Path

import pytest
import yaml

from tests.loop.project import SmallProject

CAMERAS = {"front": {"size": [32, 24]}, "wrist": {"on": "wrist", "size": [32, 24]}}
ASKED = {"approaches": ["baseline"], "seeds": [0, 1], "trials": {"irl_proxy": 2}, "targets": [], "level": 0.6, "cameras": CAMERAS}


@pytest.mark.slow
def test_a_study_with_a_camera_on_the_wrist_ends_in_its_report(tmp_path: Path) -> None:
    project = SmallProject(tmp_path, ASKED)
    written = tmp_path / "specs/study.yaml"
    study = yaml.safe_load(written.read_text())
    del study["stages"]["twin"]
    project.write("study", study)
    done = project.snakemake()
    assert done.returncode == 0, done.stderr[-4000:]
    assert project.to_build() == set()
    policy, _ = (tmp_path / "store/policy").iterdir()
    assert json.loads((policy / "policy.json").read_text())["camera_keys"] == ["front", "wrist"]
    (demos,) = (tmp_path / "store/demos").iterdir()
    features = json.loads((demos / "dataset/meta/info.json").read_text())["features"]
    assert [features[f"observation.images.{name}"]["shape"] for name in CAMERAS] == [[24, 32, 3]] * 2
    assert (tmp_path / "build/report/study.html").stat().st_size > 10_000
