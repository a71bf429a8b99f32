"""An idle plan is remembered; whatever it depended on makes it forgotten."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from compiler.cli import main
from compiler.project.load import load_project
from compiler.reading import spec_cache
from compiler.run import idle, remember
from compiler.run.idle import recall
from compiler.run.remember import captures_of
from runtime import files
from runtime.backend import OURS
from tests.compiler.graph.test_pattern import written
from tests.compiler.published import base_project, edit, publish_all
from tests.loop.test_captures_changed import splat


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """A project with nothing missing, whose plan was shown once."""
    monkeypatch.setattr(idle, "WORTHWHILE", 1)
    base_project(tmp_path)
    monkeypatch.chdir(tmp_path)
    publish_all(tmp_path)
    assert main(["plan"]) == 0
    capsys.readouterr()
    return tmp_path


def remembered(root: Path) -> bool:
    return recall(root, "study", idle.key(root, "study", {})) is not None


def test_it_says_the_same_again_without_expanding(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(project / "build", project / "kept")
    shutil.rmtree(project / "build")
    assert main(["plan"]) == 0
    said = capsys.readouterr().out
    assert "nothing to build" in said
    monkeypatch.setattr("compiler.plan.study.plan_study", lambda *_: pytest.fail("planned again"))
    assert main(["plan"]) == 0
    assert capsys.readouterr().out == said


def one(root: Path) -> Path:
    """Some artifact."""
    return next((root / "store/capture").iterdir())


CHANGES: dict[str, Callable[[Path], object]] = {
    "a parameter": lambda root: edit(root, "study", "seeds: [0, 1", "seeds: [1, 0"),
    "a comment": lambda root: (root / "specs/study.yaml").open("a").write("# a word\n"),
    "another spec": lambda root: shutil.copy(root / "specs/locations/cellar.yaml", root / "specs/locations/new.yaml"),
    "a spec less": lambda root: next((root / "specs/gates").glob("*.yaml"), root / "specs/study.yaml").unlink(),
    "this machine's file": lambda root: (root / "simkiln.local.yaml").write_text("roots: {captures: ..}\n"),
    "an artifact less": lambda root: shutil.rmtree(one(root)),
    "a manifest less": lambda root: (one(root) / "manifest.json").unlink(),
    "an artifact more": lambda root: shutil.copytree(one(root), root / "store/capture" / ("a" * 32)),
    "a damaged cache": lambda root: [p.write_text("{}") for p in (root / "build/cache").glob("idle-*")],
    "a truncated cache": lambda root: [p.write_text(p.read_text()[:50]) for p in (root / "build/cache").glob("idle-*")],
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_makes_it_forgotten(change: str, project: Path) -> None:
    assert remembered(project)
    CHANGES[change](project)
    assert not remembered(project)


def test_other_code_makes_it_forgotten(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idle, "code_key", lambda: "other")
    assert not remembered(project)


def test_other_roots_make_it_forgotten(project: Path) -> None:
    assert recall(project, "study", idle.key(project, "study", {"captures": project})) is None


def test_without_caches_nothing_is_read_or_written(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(spec_cache.VARIABLE, "1")
    assert not remembered(project)
    shutil.rmtree(project / "build")
    assert main(["plan"]) == 0
    assert not (project / "build/cache").exists() or not list((project / "build/cache").glob("idle-*"))


def test_a_plan_with_something_to_build_is_not_remembered(project: Path) -> None:
    shutil.rmtree(next((project / "store/evaluate").iterdir()))
    assert main(["plan"]) == 0
    assert not remembered(project)


def test_photos_outside_the_project_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "photos"
    (folder / "below").mkdir(parents=True)
    photo = folder / "below" / "a.png"
    photo.write_bytes(b"1")
    with pytest.raises(OSError, match="a moment ago"):  # it could change again, and nothing would tell
        idle.signature([str(folder)])
    monkeypatch.setattr(files, "RACY_NS", 0)
    before = idle.signature([str(folder)])
    photo.write_bytes(b"2")
    os.utime(photo, ns=(1, 1))
    assert idle.signature([str(folder)]) != before
    (folder / "a.png").symlink_to(photo)
    (folder / "loop").symlink_to(".")
    (folder / "all").symlink_to("/")
    os.mkfifo(folder / "pipe.png")
    before = idle.signature([str(folder)])
    assert idle.signature([str(folder), str(tmp_path / "gone")]) == before
    photo.rename(tmp_path / "a.png")
    assert idle.signature([str(folder)]) != before


@pytest.mark.parametrize("changes", [False, True])
def test_a_capture_that_changed_since_it_was_digested_is_not_remembered(
    changes: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(idle, "WORTHWHILE", 1)
    monkeypatch.setattr(files, "RACY_NS", 0)
    monkeypatch.chdir(tmp_path)
    base_project(tmp_path)
    (tmp_path / "s.ply").write_bytes(splat(0))
    (tmp_path / "simkiln.local.yaml").write_text("roots: {splats: .}\n")
    source = "{kind: splat, root: splats, path: s.ply, up: [0, 0, 1], scale_m_per_unit: 1.0}"
    (tmp_path / "specs/locations/cellar.yaml").write_text(f"title: Cellar\nsource: {source}\n")
    (tmp_path / "specs/study.yaml").write_text("title: Splat\nlocations: [cellar]\ntargets: [coverage]\n")
    publish_all(tmp_path)
    overview = remember.overview

    def changing(*given: Any) -> Any:
        (tmp_path / "s.ply").write_bytes(splat(int(changes)))
        return overview(*given)

    monkeypatch.setattr("compiler.plan.overview.overview", changing)
    assert main(["plan"]) == 0
    assert "nothing to build" in capsys.readouterr().out
    assert remembered(tmp_path) is not changes
    monkeypatch.setattr("compiler.plan.overview.overview", overview)
    assert main(["plan"]) == 0
    assert ("4 to rebuild" if changes else "nothing to build") in capsys.readouterr().out


def test_descriptions_of_back_ends_count(project: Path) -> None:
    with (project / "specs/study.yaml").open("a") as file:
        file.write("backends: {renderer: numba}\n")
    assert str(OURS / "renderer_numba.toml") in captures_of(load_project(project), "study")


def test_specs_come_from_the_cache_only_while_they_are_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:

    monkeypatch.setattr(spec_cache, "WORTHWHILE", 1)
    root = written(tmp_path, [(1, ""), (2, "")])
    first = load_project(root)
    monkeypatch.setattr("compiler.project.load.read_source", lambda *_: pytest.fail("read again"))
    assert load_project(root).locations == first.locations
    monkeypatch.undo()
    monkeypatch.setattr(spec_cache, "WORTHWHILE", 1)
    edit(root, "locations/place-1", "seed: 2", "seed: 3")
    source = load_project(root).locations["place-1"].source
    assert source.kind == "hidden_site"
    assert source.seed == 3
    (root / "build/cache/specs.json").write_text('{"code": 1, "values": 2}')
    assert load_project(root).locations["place-0"] == first.locations["place-0"]
