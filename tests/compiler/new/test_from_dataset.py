"""`simkiln new location --from-dataset` and `simkiln preflight`: from a dataset to specs that are fine, and what is missing."""

import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from compiler.cli import main
from compiler.laws.check import check
from compiler.project.load import load_project
from runtime.bound.dataset import Dataset
from runtime.foresight.process import digest_of
from tests.errors.cases import base
from tests.runtime.learn import reach

NEW = ["new", "location", "bench", "--defaults", "--kind", "hidden_site", "--from-dataset"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    base().write(tmp_path)
    reach.write(tmp_path / "files/mine")
    (tmp_path / "simkiln.local.yaml").write_text("roots: {recordings: files}\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    return tmp_path


def change(project: Path, **said: object) -> None:
    path = project / "files/mine/meta/info.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | said))


def test_a_location_and_a_task_are_written_of_what_the_dataset_tells(project: Path) -> None:
    assert main([*NEW, "recordings/mine", "--task-kind", "press_button"]) == 0
    found = load_project(project)
    data, task = found.locations["bench"].data, found.tasks["bench"]
    assert data is not None
    assert (data.units, data.cameras, data.size_px, data.fps) == ("radians", {"front": "front"}, (64, 48), 10)
    assert {ours: one.name for ours, one in data.joints.items()}["shoulder_pan"] == "joint_0"  # by their order: look at it
    assert "# names are taken in the dataset's order, a guess" in (project / "specs/locations/bench.yaml").read_text()
    assert (task.kind, task.instruction) == ("press_button", reach.INSTRUCTION)
    assert [d for d in check(found) if d.severity == "error"] == []
    assert main([*NEW, "recordings/mine"]) == 2, "that id is taken"


def test_other_rates_shapes_and_strange_names_give_specs_that_are_fine(project: Path) -> None:
    info = json.loads((project / "files/mine/meta/info.json").read_text())
    film = {"dtype": "image", "shape": [360, 640, 3], "names": ["height", "width", "channels"]}
    strange = 'observation.images.a"\nassets: {x: 1} #'
    features = {k: v for k, v in info["features"].items() if not k.startswith("observation.images")}
    change(project, fps=24, features=features | {strange: film, "observation.images.top": film})
    stats = project / "files/mine/meta/stats.json"
    said = json.loads(stats.read_text())
    stats.write_text(json.dumps(said | {"observation.images.top": said["observation.images.front"]}))
    assert main([*NEW, "recordings/mine"]) == 0
    spec = load_project(project).locations["bench"]
    assert isinstance(spec.data, Dataset)
    assert (spec.data.cameras, spec.data.fps, spec.data.size_px) == ({"front": "top"}, 24, (64, 36))
    assert spec.stages == {"twin": {"control_hz": 24, "height_px": 36, "width_px": 64}}
    assert spec.assets == {}


def test_what_cannot_be_read_writes_nothing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for given, told in (
        ("recordings/other", "no dataset `other`"),
        ("nowhere/mine", "root `nowhere` is not set"),
        ("recordings/../mine", "leaves the root"),
        ("recordings", "ROOT/PATH"),
    ):
        assert main([*NEW, given]) == 2
        assert told in capsys.readouterr().err
    change(project, codebase_version="v2.1")
    assert main([*NEW, "recordings/mine"]) == 2
    assert "convert_dataset_v21_to_v30" in capsys.readouterr().err
    assert not (project / "specs/locations/bench.yaml").exists()
    assert not (project / "specs/tasks/bench.yaml").exists()


RECORDED = """title: Bold
extends: baseline
inputs: {policy: {demos: recorded_demos}}
row: {available: true, no_new_real_data: true, no_teleoperation: true, stack_change: none}
"""


def test_preflight_says_what_is_missing_in_one_table(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*NEW, "recordings/mine"]) == 0
    (project / "specs/approaches/bold.yaml").write_text(RECORDED)
    study = project / "specs/study.yaml"
    study.write_text(study.read_text().replace("[cellar]", "[bench]").replace("no_new_real_data: true, ", ""))
    capsys.readouterr()
    assert main(["preflight"]) == 0
    told = capsys.readouterr().out
    rows = ("specs", "root recordings", "files of recorded_demos", "data of bench", "libraries", "GPUs", "memory", "disk", "time")
    assert [row for row in rows if row not in told] == []
    assert "back end numba" in told
    assert [one for one in ("cosmos", "still", "success_head") if f"back end {one}" in told] == [], "which the study does not use"
    assert "states none: say `licence:`" in told
    assert "ready: nothing is missing" in told
    (project / "simkiln.local.yaml").unlink()
    assert main(["preflight"]) == 1
    told = capsys.readouterr()
    assert "2 missing: specs, root recordings" in told.out
    assert "error[R206]" in told.err


def test_preflight_says_what_this_machine_lacks(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "specs/approaches/bold.yaml").write_text(RECORDED.replace("inputs: {policy: {demos: recorded_demos}}", POLICY))
    assert main(["preflight"]) == 1
    assert "missing: specs, root policies" in capsys.readouterr().out
    (project / "specs/approaches/bold.yaml").write_text(
        "title: Bold\nextends: baseline\nstages: {policy: {steps: 7}}\n" + RECORDED.splitlines()[-1] + "\n"
    )
    monkeypatch.setattr("compiler.plan.preflight._memory", lambda: 10**6)
    monkeypatch.setattr("compiler.plan.preflight.shutil.disk_usage", lambda path: SimpleNamespace(free=0))
    assert main(["preflight"]) == 1
    assert "2 missing: memory, disk" in capsys.readouterr().out


def test_preflight_looks_at_the_weights_of_video_models(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = project / "specs/study.yaml"
    plain = study.read_text().replace("[coverage]", "[foresee]") + "backends: {dynamics: cosmos3}\n"
    study.write_text(plain)
    (project / "simkiln.local.yaml").write_text("environments: {cosmos: cosmos}\n")
    (project / "cosmos/bin").mkdir(parents=True)
    (project / "cosmos/bin/python").symlink_to(sys.executable)

    def told() -> str:
        assert main(["preflight"]) == 1  # no GPU
        (line,) = (line for line in capsys.readouterr().out.splitlines() if "weights of cosmos3 " in line)
        return line

    assert "missing" in (line := told())
    assert "no folder" in line
    (folder := project / "cosmos/weights/cosmos3").mkdir(parents=True)
    (folder / "model_index.json").write_text("{}")
    assert "does not name" in (line := told())
    study.write_text(f"{plain}stages: {{foresee: {{weights: {digest_of(folder)}}}}}\n")
    assert "does not name" not in (line := told())
    assert " ok " in line


POLICY = "policy: {kind: lerobot, root: policies, path: act, cameras: {front: top}, units: degrees, fps: 10}"
