"""Disks that are full, read-only or gone: said in words at each door, and nothing is lost or put elsewhere."""

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from compiler.cli import main
from runtime.store.store import Store
from runtime.store.trouble import in_words
from tests import REPOSITORY
from tests.compiler.built import Built
from tests.mounts import two_views


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Built:
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    (tmp_path / "project/simkiln.local.yaml").write_text("store: ../nas/store\n")
    return Built(tmp_path / "project")


@contextmanager
def mounted(folder: Path, options: str) -> Generator[None]:
    folder.mkdir(exist_ok=True)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True, check=False).returncode:
        pytest.skip("a file system cannot be mounted here (needs root)")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def compiled(project: Built) -> subprocess.CompletedProcess[str]:
    """What Snakemake does first."""
    command = [sys.executable, "-c", "from compiler.run.workflow import compile_study; print(compile_study('study'))"]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    return subprocess.run(command, cwd=project.root, env=environment, capture_output=True, text=True, check=False)


def job(project: Built) -> subprocess.CompletedProcess[str]:
    """One planned job."""
    name = next((project.root / "build/jobs/capture").iterdir()).stem
    command = [sys.executable, "-m", "runtime", "capture", name, "--store", "../nas/store"]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    return subprocess.run(command, cwd=project.root, env=environment, capture_output=True, text=True, check=False)


def test_a_store_whose_mount_is_gone_is_no_new_store(project: Built, capsys: pytest.CaptureFixture[str]) -> None:
    nas = project.root.parent / "nas"
    with mounted(nas, "size=1m"):
        assert compiled(project).returncode == 0
        assert (nas / "store/.simkiln-store").exists()
    done = job(project)
    assert done.returncode == 3
    assert (
        "error[B314]: capture/cellar: cannot use `../nas/store`: it was there when this was planned, and is gone" in done.stderr
    )
    for words in (["check"], ["plan"], ["gc", "--yes"]):
        assert main(words) == 1
        assert f"for what was mounted at {nas} is not any more" in capsys.readouterr().err
    assert compiled(project).returncode == 1
    assert list(nas.iterdir()) == [], "nothing was put at the mount point"


def test_inodes_that_are_used_up(project: Built) -> None:
    nas = project.root.parent / "nas"
    with mounted(nas, "size=8m,nr_inodes=40"):
        assert compiled(project).returncode == 0
        for number in range(100):
            try:
                (nas / f"{number}").write_text("")
            except OSError:
                break
        for number in range(4):
            (nas / f"{number}").unlink()
        done = job(project)
        assert done.returncode == 3
        assert "no space left for more files (inodes); nothing was published" in done.stderr
        assert "(`df -i`)" in done.stderr
        assert Store(nas / "store").listing().get("capture", set()) == set()


def test_a_project_on_a_full_or_read_only_disk(project: Built, capsys: pytest.CaptureFixture[str]) -> None:
    build = project.root / "build"
    with mounted(build, "size=1m,nr_inodes=2"):
        (build / "runs").mkdir()
        done = compiled(project)
        assert done.returncode == 1
        assert "error[B314]: cannot use `build/" in done.stderr
        assert "inodes" in done.stderr
        assert "Traceback" not in done.stderr
    with mounted(build, "size=1m,ro"):
        assert main(["plan"]) == 0
        done = compiled(project)
        assert "read-only file system\n   = help: it is mounted read-only" in done.stderr
        assert "Traceback" not in done.stderr


def test_a_file_or_a_link_to_nothing_where_the_run_has_its_folder(project: Built) -> None:
    build = project.root / "build"
    shutil.rmtree(build, ignore_errors=True)
    for place in (lambda: build.write_text(""), lambda: build.symlink_to("nowhere")):
        place()
        done = compiled(project)
        assert done.returncode == 1
        assert "error[B314]: cannot use `build`: it is a file, or a link" in done.stderr
        assert "Traceback" not in done.stderr
        build.unlink()


def test_a_network_mount_whose_server_is_gone(project: Built, tmp_path: Path) -> None:
    served, nas = tmp_path / "served", tmp_path / "nas"
    with two_views(served, nas, tmp_path / "other"):
        project.publish("capture")
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and f"{served}" in (text := _command(entry)) and text.startswith("sshfs"):
                os.kill(int(entry.name), 9)
        for words in (["plan"], ["verify"], ["gc", "--yes"], ["check"]):
            done = subprocess.run(
                [sys.executable, "-m", "compiler.cli", *words],
                env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
                capture_output=True,
                text=True,
                check=False,
            )
            assert "Traceback" not in done.stderr, words
            assert done.returncode == 1, (words, done.stdout)
            code = "R232]: `../nas/store`" if words[0] in ("plan", "check") else "B314]: cannot use `../nas/store"
            assert f"error[{code}" in done.stderr
    assert Store(served / "store").listing()["capture"]


def _command(process: Path) -> str:
    try:
        return (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def test_each_trouble_has_words_and_faults_have_none(tmp_path: Path) -> None:
    for code in (errno.EDQUOT, errno.EROFS, errno.EACCES, errno.ESTALE, errno.EIO, errno.ENOTCONN, errno.ENOSPC, errno.EMFILE):
        words = in_words(OSError(code, os.strerror(code)), tmp_path)
        assert words is not None
        assert os.strerror(code).lower() in words[0]
    assert in_words(FileNotFoundError(errno.ENOENT, "gone"), tmp_path) is None
    assert in_words(OSError("no number"), tmp_path) is None
