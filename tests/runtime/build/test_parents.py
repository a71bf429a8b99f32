"""A job builds on nothing that was changed since it was published, though neither size nor time of the file tell."""

import os
import shutil
import sys
from pathlib import Path

import pytest

from compiler.plan.study import open_project, plan_study
from compiler.run.emit import emit
from runtime.__main__ import main
from runtime.store.store import seal_of
from tests.loop.project import SmallProject
from tests.loop.tiny import place, tiny_study


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallProject:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("runtime.__main__._end_with_parent", lambda parent: None)
    return SmallProject(tmp_path, tiny_study("first"), {"first": place("first", 0)})


def build(stage: str, fingerprint: str, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(sys, "argv", ["runtime", stage, fingerprint])
    return main()


def test_a_changed_parent_stops_the_job(
    project: SmallProject, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    opened = open_project(project.root)
    plan = plan_study(opened, "study")
    emit(opened, plan)
    capture, splat = (node.address for node in plan.build() if node.stage.name in ("capture", "splat"))
    assert build(*capture, monkeypatch) == 0
    cameras = project.store.path(*capture) / "cameras.json"
    before, text = os.stat(cameras), cameras.read_text()
    cameras.write_text(text.replace("1", "2", 1))
    os.utime(cameras, ns=(before.st_atime_ns, before.st_mtime_ns))
    capsys.readouterr()
    assert build(*splat, monkeypatch) == 3
    said = capsys.readouterr().err
    assert "error[B311]" in said
    assert "cameras.json has other content than its manifest says" in said
    assert "run `simkiln verify`" in said
    assert not project.store.has(*splat)
    cameras.write_text(text)
    assert build(*splat, monkeypatch) == 0
    assert project.store.manifest(*splat)["read"] == {"/".join(capture): seal_of(project.store.manifest(*capture))}
    shutil.rmtree(project.store.path(*splat))
    shutil.rmtree(project.store.path(*capture))
    assert build(*splat, monkeypatch) == 3
    assert "a parent is gone" in capsys.readouterr().err
