"""The words that start a Python where a back end runs on this machine."""

from pathlib import Path

import pytest

from compiler.project.backends import CODE, absence, command, interpreter
from compiler.project.load import load_project
from compiler.project.project import Project
from compiler.project.revision import at_revision
from runtime.backend import BackendInfo, Where
from tests.compiler.built import Built


def cosmos(**where: object) -> BackendInfo:
    return BackendInfo("enricher", "cosmos", "1", "MIT", True, where=Where(image="nvidia/cosmos:2.5", **where))  # ty: ignore[invalid-argument-type]


@pytest.mark.parametrize(
    ("program", "gpu", "bind"),
    [("docker", "--gpus=all", "volume"), ("podman", "--device=nvidia.com/gpu=all", "volume"), ("apptainer", "--nv", "bind")],
)
def test_a_container_sees_the_project_the_store_and_the_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, gpu: str, bind: str
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: name if name == program else None)
    project = Project(tmp_path / "a b", store=tmp_path / "store")
    words = command(project, cosmos())
    assert words[0] == program
    assert [w for w in words if w.startswith(f"--{bind}=")] == [
        f"--{bind}={folder}:{folder}" for folder in (project.root, project.store, CODE)
    ]
    assert {gpu, f"--env=PYTHONPATH={CODE}"} < set(words)
    assert words[-1] == "python3"
    assert words[-2].removeprefix("docker://") == "nvidia/cosmos:2.5"
    assert [w for w in words if "{" in w] == []
    assert absence(project, cosmos()) == ""


def test_the_project_is_bound_once_where_it_holds_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: name)
    words = command(Project(CODE, store=CODE / "store"), cosmos())
    assert len([w for w in words if w == f"--volume={CODE}:{CODE}"]) == 1


def test_a_revision_has_the_environments_of_this_machine(tmp_path: Path) -> None:
    Built(tmp_path).commit()
    (tmp_path / "simkiln.local.yaml").write_text("environments: {isaaclab: away}\n")
    project = load_project(tmp_path)
    with at_revision(project, "HEAD") as earlier:
        for name, at in {"isaaclab": "away", "other": ".envs/other"}.items():
            assert interpreter(earlier, name) == interpreter(project, name) == tmp_path / at


def test_an_installed_simkiln_starts_no_job_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("compiler.project.backends.CODE", tmp_path / "site-packages")
    assert "only from a clone" in absence(Project(tmp_path), cosmos())


def test_no_program_for_containers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert absence(Project(tmp_path), cosmos()).endswith("no `docker` or `podman` or `apptainer` is on PATH")
    assert absence(Project(tmp_path), cosmos(command=("nerdctl",))).endswith("no `nerdctl` is on PATH")
