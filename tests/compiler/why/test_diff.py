"""`simkiln diff`: two approaches or two revisions, what differs at which lines, and which artifacts they share."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from compiler.cli import main
from tests import REPOSITORY
from tests.compiler.built import Built


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Built:
    monkeypatch.chdir(tmp_path)
    return Built(tmp_path)


def facts(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    capsys.readouterr()
    assert main(["diff", "--json", *words]) == 0
    return json.loads(capsys.readouterr().out)


def counted(found: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    return {t["stage"]: (t["shared"], t["only_a"], t["only_b"]) for t in found["artifacts"]}


def test_two_approaches(project: Built, capsys: pytest.CaptureFixture[str]) -> None:
    found = facts(capsys, "baseline", "bold")
    (change,) = found["changes"]
    assert change == {
        "what": "parameter",
        "stage": "policy",
        "name": "steps",
        "old": 800,
        "new": 7,
        "old_at": "default",
        "new_at": "specs/approaches/bold.yaml:4:19",
        "count": 2,
        "elsewhere": False,
    }
    assert counted(found) == {
        "policy": (0, 2, 2),
        "evaluate": (0, 4, 4),
        "demos": (1, 0, 0),
        "twin": (1, 0, 0),
        "splat": (1, 0, 0),
        "capture": (1, 0, 0),
        "conditions": (2, 0, 0),
    }
    project.publish("capture", "splat", "policy")
    stored = {t["stage"]: t for t in facts(capsys, "baseline", "bold")["artifacts"]}
    assert [stored["policy"][key] for key in ("shared_stored", "only_a_stored", "only_b_stored")] == [0, 2, 2]
    assert stored["capture"]["shared_stored"] == 1
    assert stored["evaluate"]["only_a_stored"] == 0
    assert main(["diff", "baseline", "bold"]) == 0
    said = capsys.readouterr().out
    assert "policy.steps  800 -> 7  default -> specs/approaches/bold.yaml:4:19  2 nodes" in said
    assert "baseline -> bold  (study `study`)" in said


def test_an_input_and_an_offset_that_differ(project: Built, capsys: pytest.CaptureFixture[str]) -> None:
    project.edit(
        "approaches/bold.yaml",
        "stages:\n  policy: {steps: 7}\n",
        "training_seed_offset: 50\ninputs:\n  policy: {demos: enrichment}\n",
    )
    found = facts(capsys, "baseline", "bold", "--study", "study")
    changes = [(c["what"], c["name"], c["old"], c["new"], c["new_at"]) for c in found["changes"]]
    assert changes == [
        ("input", "demos", "demos", "enrichment", "specs/approaches/bold.yaml:5:19"),
        ("parameter", "seed", 0, 50, "specs/approaches/bold.yaml:3:23"),
        ("parameter", "seed", 1, 51, "specs/approaches/bold.yaml:3:23"),
    ]
    assert counted(found)["enrichment"] == (0, 0, 1)


def test_an_artifact_of_its_own_and_the_common_yardstick(project: Built, capsys: pytest.CaptureFixture[str]) -> None:
    """The baseline's twin judges `bold`, but its demos come from its own twin: both are on its side."""
    project.edit("approaches/bold.yaml", "  policy: {steps: 7}\n", "  twin: {samples: 3}\n")
    found = facts(capsys, "baseline", "bold")
    assert [(c["stage"], c["name"], c["new"], c["new_at"]) for c in found["changes"]] == [
        ("twin", "samples", 3, "specs/approaches/bold.yaml:4:19")
    ]
    assert counted(found)["twin"] == (1, 0, 1)
    assert counted(found)["demos"] == (0, 1, 1)


def test_the_same_change_from_many_lines_is_told_once(project: Built, capsys: pytest.CaptureFixture[str]) -> None:
    for i in range(3):
        project.write(f"locations/l{i}.yaml", f"title: L\nsource: {{kind: hidden_site, seed: {i}}}\n")
    project.edit("study.yaml", "[cellar]", "[l0, l1, l2]")
    project.commit()
    for i in range(3):
        project.edit(f"locations/l{i}.yaml", "title: L\n", "title: L\nstages: {splat: {iterations: 9}}\n")
    (change,) = facts(capsys, "HEAD", ".")["changes"]
    assert (change["count"], change["elsewhere"]) == (3, True)
    assert (change["old_at"], change["new_at"]) == ("default", "specs/locations/l0.yaml:2:30")
    assert main(["diff", "HEAD", "."]) == 0
    assert "specs/locations/l0.yaml:2:30 and other lines  3 nodes" in capsys.readouterr().out


def test_an_approach_against_itself(project: Built, capsys: pytest.CaptureFixture[str]) -> None:
    found = facts(capsys, "bold", "bold")
    assert found["changes"] == []
    assert all(t["only_a"] == t["only_b"] == 0 for t in found["artifacts"])


def test_two_revisions(project: Built, capsys: pytest.CaptureFixture[str]) -> None:
    project.commit()
    project.edit("approaches/bold.yaml", "steps: 7", "steps: 9")
    project.edit("approaches/bold.yaml", "title: Bold", "title: Bolder\n# a line more")
    project.write("studies/more.yaml", "title: More\nlocations: [cellar]\ntargets: [coverage]\n")
    specs = {p: p.read_bytes() for p in (project.root / "specs").rglob("*.yaml")}
    found = facts(capsys, "main", ".")
    (change,) = found["changes"]
    assert (change["old"], change["new"]) == (7, 9)
    assert (change["old_at"], change["new_at"]) == ("specs/approaches/bold.yaml:4:19", "specs/approaches/bold.yaml:5:19")
    assert (found["studies"], found["only_a"], found["only_b"]) == (["more", "study"], [], ["more"])
    assert counted(found)["policy"] == (2, 2, 2)
    assert counted(found)["coverage"] == (1, 0, 0)
    project.commit()
    assert facts(capsys, "HEAD~1", "HEAD", "--study", "study")["changes"] == found["changes"]
    assert {p: p.read_bytes() for p in specs} == specs
    assert main(["diff", "HEAD", "."]) == 0
    assert "no parameter, input or back end differs" in capsys.readouterr().out


def test_an_approach_may_be_called_like_a_revision(project: Built, capsys: pytest.CaptureFixture[str]) -> None:
    project.commit()
    project.git("branch", "bold")
    project.git("branch", "baseline")
    assert facts(capsys, "baseline", "bold")["changes"] != []
    assert facts(capsys, "baseline", "bold", "--revisions")["changes"] == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["baseline", "blod"], "did you mean `bold`"),
        (["x", "y", "--approaches"], "unknown approach `x`"),
        (["HEAD", "--", "-x"], "git knows no revision"),
        (["HEAD", "nowhere"], "git knows no revision `nowhere`"),
        (["HEAD", ".", "--study", "no"], "there is no study `no`"),
        (["baseline", "bold", "--study", "more"], "does not list both"),
        (["baseline", "lonely"], "no study compares"),
    ],
)
def test_what_cannot_be_compared(words: list[str], said: str, project: Built, capsys: pytest.CaptureFixture[str]) -> None:
    project.commit()
    project.write("studies/more.yaml", "title: More\nlocations: [cellar]\ntargets: [coverage]\n")
    lonely = (project.root / "specs/approaches/bold.yaml").read_text()
    project.write("approaches/lonely.yaml", lonely)
    assert main(["diff", *words]) == 2
    assert said in capsys.readouterr().err


def test_a_revision_with_errors_is_named(project: Built, capsys: pytest.CaptureFixture[str]) -> None:
    project.edit("approaches/bold.yaml", "steps: 7", "steps: -7")
    project.commit()
    project.edit("approaches/bold.yaml", "steps: -7", "steps: 7")
    assert main(["diff", "HEAD", "."]) == 1
    said = capsys.readouterr().err
    assert "at revision `HEAD`:" in said
    assert "must be at least 0" in said


def test_studies_that_this_machine_lacks_the_photos_of_are_left_out_and_said(
    project: Built, capsys: pytest.CaptureFixture[str]
) -> None:
    project.write("locations/attic.yaml", "title: Attic\nsource: {kind: photos, root: captures, path: attic}\n")
    project.write("studies/attic.yaml", "title: Attic\nlocations: [attic]\ntargets: [coverage]\n")
    project.commit()
    project.edit("approaches/bold.yaml", "steps: 7", "steps: 9")
    assert main(["diff", "HEAD", "."]) == 0
    out, err = capsys.readouterr()
    assert "7 -> 9" in out
    assert err == "not compared: `attic`; capture root `captures` is not set on this machine (simkiln explain R206)\n"
    assert main(["diff", "HEAD", ".", "--study", "attic"]) == 1


def test_without_git(project: Built, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["diff", "HEAD", "."]) == 2
    assert "this is no git repository" in capsys.readouterr().err
    monkeypatch.setenv("PATH", "")
    assert main(["diff", "HEAD", "."]) == 2
    assert "git is not installed" in capsys.readouterr().err


def test_the_command_by_itself(project: Built) -> None:
    command = [sys.executable, "-m", "compiler.cli", "diff", "baseline", "bold"]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(command, cwd=project.root, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "policy.steps" in done.stdout
