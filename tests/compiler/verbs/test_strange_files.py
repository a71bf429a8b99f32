"""Pipes, devices, links in circles, names of raw bytes: every verb tells them, waits for none and crashes over none."""

import json
import os
import signal
import socket
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from PIL import Image

from compiler.cli import main
from compiler.editor.session import Session
from compiler.run import idle
from runtime import files
from tests.compiler.published import base_project, publish_all


@pytest.fixture
def capture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Path]:
    """The folder of a capture, beside a project that stands in the current folder. Nobody may wait for a pipe."""
    root, folder = tmp_path / "project", tmp_path / "captures" / "table"
    root.mkdir()
    base_project(root)
    (folder / "images").mkdir(parents=True)
    for i in range(6):
        Image.new("RGB", (64, 48), (i, 0, 0)).save(folder / "images" / f"{i}.png")
    (root / "specs/locations/cellar.yaml").write_text("title: Cellar\nsource: {kind: photos, root: captures, path: table}\n")
    (root / "specs/study.yaml").write_text("title: Base\nlocations: [cellar]\ntargets: [capture]\n")
    (root / "simkiln.local.yaml").write_text("roots: {captures: ../captures}\n")
    monkeypatch.chdir(root)
    signal.signal(signal.SIGALRM, lambda *_: pytest.fail("somebody waited"))
    signal.alarm(20)
    yield folder
    signal.alarm(0)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(os.path.relpath(path))


STRANGE: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "a pipe": (lambda c: os.mkfifo(c / "images/x.jpg"), "R211", "photo `x.jpg` of `table` cannot be read: it is a pipe"),
    "a socket": (lambda c: _socket(c / "images/x.jpg"), "R211", "it is a socket, not a file"),
    "a folder": (lambda c: (c / "images/x.jpg").mkdir(), "R211", "it is a folder"),
    "a device": (lambda c: (c / "images/x.jpg").symlink_to("/dev/zero"), "R218", "refers to file `x.jpg` that is outside"),
    "a link to itself": (lambda c: (c / "images/x.jpg").symlink_to("x.jpg"), "R211", "too many levels of symbolic links"),
    "a link to nothing": (lambda c: (c / "images/x.jpg").symlink_to("y.jpg"), "R211", "no such file"),
    "raw bytes": (
        lambda c: (c / "images/0.png").rename(os.fsdecode(bytes(c) + b"/images/\xff.png")),
        "R211",
        "photo `\\xff.png`",
    ),
    "a terminal's commands": (lambda c: (c / "images/\x1b[2Jx.png").write_bytes(b"x"), "R211", "photo `\\x1b[2Jx.png`"),
    "a root that is a circle": (lambda c: (c.parent.rename(c.parents[1] / "y"), c.parent.symlink_to(c.parent)), "R206", "levels"),
}


@pytest.mark.parametrize("name", STRANGE)
def test_what_is_no_photo_is_told(name: str, capture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make, code, said = STRANGE[name]
    make(capture)
    assert main(["check", "--study", "study"]) == 1
    told = capsys.readouterr().err
    assert f"error[{code}]" in told
    assert said in told
    assert [main(["plan"]), main(["run"]), main(["why", "capture"])] == [1, 1, 2]
    told = capsys.readouterr().err
    assert told.count(f"error[{code}]") == 2
    assert "not looked into, as they have errors: `study` (`simkiln check`)" in told
    for form in ("json", "sarif", "github"):
        main(["check", "--format", form])
        printed = capsys.readouterr().out
        assert code in printed.encode().decode()
    assert code in {d.code for found in Session(Path.cwd()).check().values() for d in found}


def test_folders_behind_links_are_passed_over(
    capture: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(idle, "WORTHWHILE", 1)
    monkeypatch.setattr(files, "RACY_NS", 0)
    for name, target in {"again": ".", "all": "/", "circle": "circle", "images/up": ".."}.items():
        (capture / name).symlink_to(target)
    os.mkfifo(capture / "pipe")
    publish_all(Path.cwd())
    assert [main(["check"]), main(["plan"]), main(["plan"]), main(["why", "capture"])] == [0] * 4
    assert capsys.readouterr().out.count("nothing to build") == 2


def test_no_more_is_read_than_a_capture_may_have(
    capture: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (capture.parent / "s.ply").touch()
    os.truncate(capture.parent / "s.ply", 2**38)  # a file of holes
    source = "{kind: splat, root: captures, path: s.ply, up: [0, 0, 1], scale_m_per_unit: 1}"
    Path("specs/locations/attic.yaml").write_text(f"title: Attic\nsource: {source}\n")
    assert main(["check"]) == 1
    assert "error[R220]: `s.ply` has 256 GiB, more than 128" in capsys.readouterr().err
    Path("specs/locations/attic.yaml").unlink()
    for most, said in (("MOST_PHOTOS", "`table` has 6 photos, more than 5"), ("MOST_FILES", "it has more than 5 files")):
        with monkeypatch.context() as patch:
            patch.setattr(f"runtime.{'files' if most == 'MOST_FILES' else 'capture.inspect_photos'}.{most}", 5)
            assert main(["check"]) == 1
        found = capsys.readouterr().err
        assert "error[R220]" in found
        assert said in found


def test_folders_that_may_not_be_read(capture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for folder, code in {capture.parent: "R210", capture / "images": "R210", Path("specs/locations"): "Y115"}.items():
        folder.chmod(0)
        if os.access(folder, os.R_OK):
            pytest.skip("root reads everything")
        try:
            assert main(["check"]) == main(["plan"]) == main(["gc"]) == 1
        finally:
            folder.chmod(0o755)
        assert code in capsys.readouterr().err


def test_a_spec_folder_that_is_none_stops_gc(capture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    publish_all(Path.cwd())
    Path("specs/study.yaml").rename("specs/studies.kept")
    assert main(["gc"]) == 0
    Path("specs/studies").write_text("where a folder was")
    assert main(["gc"]) == 1
    assert "error[Y115]: the folder cannot be read" in capsys.readouterr().err


def test_an_absent_root_is_a_warning_and_home_is_known(
    capture: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    local = Path("simkiln.local.yaml")
    local.write_text("roots: {captures: ../not-mounted}\n")
    assert main(["check"]) == 0
    assert "warning[R206]" in capsys.readouterr().err
    assert main(["plan"]) == main(["check", "--study", "study"]) == 1
    assert capsys.readouterr().err.count("error[R206]") == 2
    monkeypatch.setenv("HOME", str(capture.parents[1]))
    local.write_text("roots: {captures: ~/captures}\nstore: ~/kiln\n")
    publish_all(Path.cwd())
    assert [path.name for path in (capture.parents[1] / "kiln").glob("capture/*/manifest.json")] == ["manifest.json"]
    assert main(["check", "--format", "json"]) == 0
    assert "R206" not in json.dumps(json.loads(capsys.readouterr().out))


def test_trials_in_a_pipe_are_told(capture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo("shared.parquet")
    assert main(["trials", "join", "shared.parquet"]) == 1
    assert "error[T512]: `shared.parquet` cannot be read: it is a pipe, not a file" in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["check", "status", "run", "plan", "report"])
def test_outside_of_a_project_every_verb_says_where_to_call_it(
    verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([verb]) == 1
    assert "call simkiln in a folder that holds `specs/`" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_what_has_no_gates_is_not_run_for_ever_without_a_word(capture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    publish_all(Path.cwd())
    assert main(["status"]) == 4
    assert capsys.readouterr().out.splitlines() == [
        "all is built, and there is nothing to judge it by: the study has no gates and no claims",
        "study study: not run",
    ]
