"""`simkiln show`: what an artifact is, what set its parameters, what it was made from."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from compiler.cli import main
from runtime.backend import info
from runtime.store.store import Store
from tests import REPOSITORY
from tests.compiler.built import Built

POLICY = "policy/cellar/press/bold/0"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Built:
    monkeypatch.chdir(tmp_path)
    return Built(tmp_path)


def test_what_is_not_built_is_shown_as_planned(project: Built, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", POLICY]) == 0
    said = capsys.readouterr().out
    for line in (
        f"{POLICY}  policy/{project.nodes()[POLICY].fingerprint}",
        "not built: this is what is planned",
        "read by 2 planned, 0 stored",
    ):
        assert line in said
    lines = {line.split()[0]: line for line in said.splitlines() if line.startswith("  ") and line.split()}
    assert lines["steps"].endswith("specs/approaches/bold.yaml:4:19")
    assert lines["jitter"].endswith("default")
    assert lines["seed"].endswith("specs/study.yaml:6:8")
    assert "└─ demos: demos/cellar/press  (not in the store)" in said
    assert "source = " in said
    assert "specs/locations/cellar.yaml:2:9" in said


def test_a_built_artifact(project: Built, capsys: pytest.CaptureFixture[str]) -> None:
    project.edit(
        "approaches/bold.yaml", "stages:\n", "inputs:\n  policy: {demos: enrichment}\n  enrichment: {clips: coverage}\nstages:\n"
    )
    project.publish()
    assert main(["show", POLICY, "--json"]) == 0
    sheet = json.loads(capsys.readouterr().out)
    assert (sheet["label"], sheet["planned"], sheet["study"]) == (POLICY, "reuse", "study")
    assert sheet["manifest"]["files"]["content.bin"]["size"] == 10
    assert (sheet["readers"], sheet["readers_stored"]) == (2, 2)
    lineage = {one["label"]: one for one in sheet["lineage"]}
    assert next(iter(lineage)) == POLICY
    assert {label.split("/")[0] for label in lineage} == {"policy", "enrichment", "demos", "twin", "splat", "capture", "coverage"}
    assert lineage[POLICY]["wired"] == {"demos": "specs/approaches/bold.yaml:4:19"}
    assert lineage["enrichment/cellar/press"]["wired"] == {"clips": "specs/approaches/bold.yaml:5:23"}
    assert all(one["stored"] for one in sheet["lineage"])
    assert main(["show", POLICY]) == 0
    said = capsys.readouterr().out
    assert "files: 1, 10 B" in said
    assert "cpu_s" in said
    assert "demos: enrichment/cellar/press  specs/approaches/bold.yaml:4:19" in said


def test_licences_of_back_ends(project: Built, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "splat/cellar"]) == 0
    assert f"renderer  numba {info('renderer', 'numba').version}  Apache-2.0" in capsys.readouterr().out


def test_an_artifact_that_no_study_plans(project: Built, capsys: pytest.CaptureFixture[str]) -> None:
    project.publish()
    old = project.nodes()[POLICY]
    project.edit("approaches/bold.yaml", "steps: 7", "steps: 8")
    assert main(["show", old.fingerprint[:10]]) == 0
    said = capsys.readouterr().out
    assert "no study plans it" in said
    assert said.startswith(f"{POLICY}  policy/{old.fingerprint}")
    assert "demos: demos/cellar/press" in said
    assert "read by 0 planned, 2 stored" in said
    assert main(["show", f"policy/{old.fingerprint}", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["planned"] is None


def test_several_meanings_are_listed(project: Built, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "policy"]) == 1
    said = capsys.readouterr().err
    assert "may mean 4 artifacts" in said
    assert POLICY in said
    project.publish()
    store = Store(project.root / "store")
    prefix = "abcdef"
    for number in ("1", "2"):
        source = store.path(*project.nodes()[POLICY].address)
        source.rename(store.path("policy", prefix + number * 26)) if number == "1" else None
    (store.path("policy", prefix + "1" * 26)).rename(store.path("splat", prefix + "1" * 26))
    store.path(*project.nodes()["policy/cellar/press/bold/1"].address).rename(store.path("policy", prefix + "2" * 26))
    assert main(["show", prefix]) == 1
    said = capsys.readouterr().err
    assert f"policy/{prefix}222222" in said
    assert f"splat/{prefix}111111" in said


def test_a_damaged_artifact_is_named(project: Built, capsys: pytest.CaptureFixture[str]) -> None:
    project.publish()
    folder = Store(project.root / "store").path(*project.nodes()[POLICY].address)
    (folder / "content.bin").write_text("short")
    assert main(["show", POLICY]) == 0
    assert "damaged: " in capsys.readouterr().out
    (folder / "manifest.json").write_text("[")
    assert main(["show", POLICY]) == 0
    assert "damaged: " in capsys.readouterr().out


def test_what_does_not_exist(project: Built, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "splat/cellarr"]) == 2
    assert "did you mean `splat/cellar`" in capsys.readouterr().err
    project.write("study.yaml", "title: [\n")
    assert main(["show", POLICY]) == 2
    assert "they have errors: `study` (`simkiln check`)" in capsys.readouterr().err
    assert main(["show", POLICY, "--study", "study"]) == 1


def test_where_finds_what_show_finds_and_studies_are_named_one_way(project: Built, capsys: pytest.CaptureFixture[str]) -> None:
    project.publish()
    study = (project.root / "specs" / "study.yaml").read_text()
    project.write("studies/other.yaml", study.replace("seeds: [0, 1]", "seeds: [7, 8]"))
    assert main(["check"]) == 0, capsys.readouterr().err
    capsys.readouterr()
    for name, built in ((POLICY, 0), ("policy/cellar/press/bold/7", 1), (project.nodes()[POLICY].fingerprint[:8], 0)):
        assert main(["where", name]) == built
        assert main(["show", name]) == 0
        folder, shown = capsys.readouterr().out.split("\n", 1)
        assert (digest := folder.partition("  ")[0].rpartition("/")[2]) in shown
        assert main(["why", name]) == 0
        assert digest in capsys.readouterr().out
    for verb in ("check", "plan", "status"):
        codes = {main([verb, *words]) for words in (["other"], ["--study", "other"])}
        assert len(codes) == 1
        assert codes <= {0, 4}


def test_text_of_specs_cannot_move_the_cursor(project: Built, capsys: pytest.CaptureFixture[str]) -> None:
    project.edit("tasks/press.yaml", "press the button", '"press \\e[2J the button"')
    assert main(["show", "twin/cellar/press"]) == 0
    assert "\x1b" not in capsys.readouterr().out


def test_the_command_by_itself(project: Built) -> None:
    project.publish()
    command = [sys.executable, "-m", "compiler.cli", "show", "report"]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(command, cwd=project.root, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "with --all" in done.stdout
