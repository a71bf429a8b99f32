"""`simkiln verify`: what is not as it was published is named, set aside, and planned again."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from compiler.cli import main
from compiler.project.load import load_project
from compiler.store.index import StoreIndex
from runtime.store.store import Store
from tests import REPOSITORY
from tests.compiler.built import Built


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Built:
    monkeypatch.chdir(tmp_path)
    built = Built(tmp_path)
    built.publish()
    return built


def folder(project: Built, label: str) -> Path:
    return Store(project.root / "store").path(*project.nodes()[label].address)


def truncate(path: Path) -> None:
    (path / "content.bin").write_bytes(b"x" * 9)


def flip(path: Path) -> None:
    (path / "content.bin").write_bytes(b"x" * 9 + b"y")


def add(path: Path) -> None:
    (path / "extra").write_bytes(b"")


def drop(path: Path) -> None:
    (path / "content.bin").unlink()


def lose_manifest(path: Path) -> None:
    (path / "manifest.json").unlink()


def spoil_manifest(path: Path) -> None:
    (path / "manifest.json").write_text("[1]")


def deepen_manifest(path: Path) -> None:
    (path / "manifest.json").write_text("[" * 200_000)


def make_manifest_a_pipe(path: Path) -> None:
    (path / "manifest.json").unlink()
    os.mkfifo(path / "manifest.json")


def change_manifest(path: Path) -> None:
    text = (path / "manifest.json").read_text()
    (path / "manifest.json").write_text(text.replace('"cpu_s": 60.0', '"cpu_s": 61.0'))


def seal_nonsense(path: Path) -> None:
    from runtime.store.store import SEAL, _seal

    (path / "manifest.json").write_text(json.dumps({SEAL: _seal({})}))


def test_a_whole_store(project: Built, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify"]) == 0
    assert capsys.readouterr().out == f"{len(project.nodes())} whole, 0 damaged\n"


DAMAGE = [truncate, flip, add, drop, lose_manifest, spoil_manifest, deepen_manifest, make_manifest_a_pipe]


@pytest.mark.parametrize("spoil", [*DAMAGE, change_manifest, seal_nonsense])
def test_damage_is_set_aside_and_planned_again(
    spoil: Callable[[Path], None], project: Built, capsys: pytest.CaptureFixture[str]
) -> None:
    label = "demos/cellar/press"
    spoil(folder(project, label))
    assert main(["plan"]) == 0
    capsys.readouterr()
    assert main(["verify", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["whole"], found["damaged"]) == (len(project.nodes()) - 1, 1)
    (finding,) = found["findings"]
    assert (finding["stage"], finding["fingerprint"]) == project.nodes()[label].address
    assert finding["reason"]
    assert (project.root / finding["kept_as"]).is_dir()
    assert not folder(project, label).exists()
    assert main(["verify"]) == 0
    project.publish("demos")
    assert folder(project, label).exists()


def test_names_in_an_artifact_cannot_move_the_cursor(project: Built, capsys: pytest.CaptureFixture[str]) -> None:
    (folder(project, "splat/cellar") / "\x1b[2J").write_bytes(b"")
    assert main(["verify"]) == 1
    assert "\x1b" not in capsys.readouterr().out


def test_swapped_artifacts(project: Built, capsys: pytest.CaptureFixture[str]) -> None:
    a, b = folder(project, "policy/cellar/press/bold/0"), folder(project, "policy/cellar/press/baseline/0")
    between = a.with_name("between")
    a.rename(between)
    b.rename(a)
    between.rename(b)
    assert main(["verify"]) == 1
    said = capsys.readouterr().out
    assert said.count("what stands here is policy/") == 2
    assert "2 damaged" in said
    assert not a.exists()
    assert not b.exists()


def test_one_stage(project: Built, capsys: pytest.CaptureFixture[str]) -> None:
    flip(folder(project, "splat/cellar"))
    assert main(["verify", "--stage", "policy"]) == 0
    assert capsys.readouterr().out == "4 whole, 0 damaged\n"
    assert main(["verify", "--stage", "polcy"]) == 2
    assert "did you mean `policy`" in capsys.readouterr().err
    assert main(["verify", "--stage", "splat", "--threads", "1"]) == 1


def test_no_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    Built(tmp_path)
    assert main(["verify"]) == 0
    assert capsys.readouterr().out == "0 whole, 0 damaged\n"
    assert not (tmp_path / "store").exists()


def test_the_index_is_rebuilt(project: Built) -> None:
    def facts() -> list[Any]:
        index = StoreIndex.of(load_project(project.root))
        found = index.facts()
        index.close()
        return found

    before = facts()
    index = project.root / "build/cache/store.sqlite"
    index.write_bytes(b"not a database")
    assert main(["verify"]) == 0
    assert facts() == before
    connection = sqlite3.connect(index)
    rows = connection.execute("select count(*) from artifact").fetchone()[0]
    connection.close()
    assert rows == len(before)


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="setpriv (util-linux) is not installed")
def test_a_store_that_cannot_be_written(project: Built) -> None:
    damaged, hidden = folder(project, "splat/cellar"), folder(project, "capture/cellar")
    flip(damaged)
    (hidden / "content.bin").chmod(0)
    for path in (project.root / "store", damaged.parent):
        path.chmod(0o555)
    without_rights = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    command = [*without_rights, sys.executable, "-m", "compiler.cli", "verify"]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(command, cwd=project.root, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert "it still stands in the store and would be used: permission denied" in done.stderr
    assert "unreadable: capture/" in done.stdout
    assert "1 damaged, 1 unreadable" in done.stdout
    assert damaged.exists()


def test_the_command_by_itself(project: Built) -> None:
    command = [sys.executable, "-m", "compiler.cli", "verify"]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(command, cwd=project.root, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("whole, 0 damaged\n")
