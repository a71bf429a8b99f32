"""Projects: which files are read, and what belongs to this machine."""

import os
from pathlib import Path

from compiler.laws.check import check
from compiler.project.load import load_project
from tests import REPOSITORY
from tests.errors.cases import base


def project_in(folder: Path) -> Path:
    base().write(folder)
    return folder


def test_every_spec_is_typed_with_its_source(tmp_path: Path) -> None:
    project = load_project(project_in(tmp_path))
    assert project.diagnostics == []
    assert list(project.approaches) == ["baseline", "bold"]
    assert project.approaches["bold"].stages == {"policy": {"steps": 7}}
    assert str(project.spans("approach", "bold")["stages", "policy", "steps"]) == "specs/approaches/bold.yaml:4:19"
    assert project.ids("study") == ["study"]
    assert project.lines("specs/tasks/press.yaml") == ["title: Press", "kind: press_button", "instruction: press the button", ""]


def test_roots_and_store_of_this_machine(tmp_path: Path) -> None:
    project_in(tmp_path)
    (tmp_path / "simkiln.local.yaml").write_text("roots: {a: here, b: /abs}\nstore: ../elsewhere\n")
    project = load_project(tmp_path, {"a": Path("given")})
    assert project.capture_roots == {"a": Path.cwd() / "given", "b": Path("/abs")}
    assert os.path.normpath(project.store) == str(tmp_path.parent / "elsewhere")
    assert load_project(project_in(tmp_path / "other")).store == tmp_path / "other" / "store"


def test_a_broken_spec_is_known_but_not_typed(tmp_path: Path) -> None:
    project_in(tmp_path)
    (tmp_path / "specs/approaches/bold.yaml").write_text("title: [\n")
    project = load_project(tmp_path)
    assert list(project.approaches) == ["baseline"]
    assert project.ids("approach") == ["baseline", "bold"]
    assert [d.code for d in check(project)] == ["Y101"]


def test_nothing_here(tmp_path: Path) -> None:
    assert [d.code for d in load_project(tmp_path).diagnostics] == ["Y115"]


def test_links_inside_the_project_are_followed_and_no_others(tmp_path: Path) -> None:
    project_in(tmp_path / "p")
    specs = tmp_path / "p" / "specs"
    (specs / "locations/attic.yaml").symlink_to(specs / "locations/cellar.yaml")
    outside = tmp_path / "secret.yaml"
    outside.write_text("title: secret\n")
    (specs / "tasks/leak.yaml").symlink_to(outside)
    (tmp_path / "gates").mkdir()
    (tmp_path / "gates/leak.yaml").write_text("title: secret\n")
    (specs / "gates").symlink_to(tmp_path / "gates")
    project = load_project(tmp_path / "p")
    assert sorted(project.locations) == ["attic", "cellar"]
    assert [(d.code, d.span.file) for d in check(project)] == [
        ("R208", "specs/gates/leak.yaml"),
        ("R208", "specs/tasks/leak.yaml"),
    ]
    assert not any("secret" in source.text for source in project.sources.values())
    assert project.lines("specs/tasks/leak.yaml") == [""]


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    project_in(tmp_path)
    os.mkfifo(tmp_path / "specs/locations/pipe.yaml")
    assert [d.code for d in load_project(tmp_path).diagnostics] == ["Y115"]


def test_this_repository_s_specs_have_no_errors() -> None:
    project = load_project(REPOSITORY)
    assert [d for d in check(project) if d.severity == "error"] == []
    assert {"study", "buddha", "lund-street", "playbot"} <= set(project.studies)
