"""The bootstrap: with nothing but a python3 that has pip, also where pip may not touch the system's packages."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests import REPOSITORY

PYTHON = Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"


def run(folder: Path, path: str, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """In an empty environment but for how this machine reaches a package registry."""
    kept = {k: v for k, v in os.environ.items() if k.startswith(("PIP_", "SSL_"))}
    given = {**kept, "HOME": str(folder / "home"), "PATH": path, **environment}
    return subprocess.run(["sh", str(folder / "uvw"), *(words or ("--version",))], env=given, capture_output=True, text=True)


def tools(folder: Path, *names: str) -> str:
    """A PATH that holds these tools and no uv."""
    folder.mkdir()
    for name in names:
        (folder / name).symlink_to(shutil.which(name) or name)
    return str(folder)


def script(path: Path, line: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)


@pytest.mark.parametrize(
    ("place", "given"),
    [
        ("bin/python3.13", {}),
        ("home/.pyenv/versions/3.12.9/bin/python3", {}),
        ("elsewhere/versions/3.13.1/bin/python3", {"PYENV_ROOT": "elsewhere"}),
        ("home/miniconda3/envs/robots/bin/python3.12", {}),
        ("conda env/bin/python3", {"CONDA_PREFIX": "conda env"}),
        ("home/.local/share/uv/python/cpython-3.12.9-linux-x86_64-gnu/bin/python3", {}),
    ],
)
def test_a_python_that_suits_is_found_where_it_lies(tmp_path: Path, place: str, given: dict[str, str]) -> None:
    """And an older `python3` before it on PATH, as Debian's, is passed by."""
    shutil.copy(REPOSITORY / "uvw", tmp_path)
    path = tools(tmp_path / "bin", "sh", "dirname")
    script(tmp_path / "bin" / "uv", 'echo "$UV_PYTHON"')
    script(tmp_path / "bin" / "python3", "exit 1")
    there = tmp_path / place
    there.parent.mkdir(parents=True, exist_ok=True)
    there.symlink_to(PYTHON)
    done = run(tmp_path, path, "sync", **{name: str(tmp_path / value) for name, value in given.items()})
    if "/usr/bin" not in done.stdout:  # a machine whose own Python suits has that, too
        assert done.stdout == f"{there}\n", done.stderr


def test_without_a_python_that_suits_one_line_says_what_to_install(tmp_path: Path) -> None:
    text = (REPOSITORY / "uvw").read_text(encoding="utf-8")
    for outside in ("/usr/bin/", "/usr/local/bin/", "/opt/"):
        text = text.replace(f" {outside}", f" {tmp_path}{outside}")
    (tmp_path / "uvw").write_text(text, encoding="utf-8")
    path = tools(tmp_path / "bin", "sh", "dirname")
    script(tmp_path / "bin" / "python3", "exit 1")
    done = run(tmp_path, path, "run", "simkiln", "check")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "apt install python3.12" in done.stderr
    done = run(tmp_path, path, "python", "install", "3.12")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "apt install python3-pip" in done.stderr


def test_uvw_takes_the_pythons_that_the_project_takes() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["requires-python"] == ">=3.12,<3.14"
    assert "(3, 12) <= sys.version_info[:2] < (3, 14)" in (REPOSITORY / "uvw").read_text(encoding="utf-8")


def test_uv_on_the_path_is_used_as_it_is(tmp_path: Path) -> None:
    shutil.copy(REPOSITORY / "uvw", tmp_path)
    path = tools(tmp_path / "bin", "sh", "dirname")
    script(tmp_path / "bin" / "uv", "echo uv from the path")
    assert run(tmp_path, path).stdout == "uv from the path\n"
    assert not (tmp_path / ".uv").exists()


@pytest.mark.slow
def test_without_uv_pip_brings_it(tmp_path: Path) -> None:
    shutil.copy(REPOSITORY / "uvw", tmp_path)
    path = tools(tmp_path / "bin", "sh", "dirname")
    if subprocess.run([PYTHON, "-m", "pip", "--version"], capture_output=True).returncode:
        pytest.skip("this Python has no pip")
    (tmp_path / "bin" / "python3").symlink_to(PYTHON)
    done = run(tmp_path, path)
    if "No matching distribution" in done.stderr or "Could not find a version" in done.stderr:
        pytest.skip("no package registry can be reached from here")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("uv ")


@pytest.mark.slow
def test_a_bare_machine_checks_a_clean_clone(tmp_path: Path) -> None:
    """No home, no PATH but the system's, no environment, an interpreter in pyenv's folder: the first command works and says
    nothing but its answer."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    clone = tmp_path / "clone"
    for name in filter(None, names.split("\0")):
        if (REPOSITORY / name).is_file():
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / name, clone / name)
    there = clone / "home" / ".pyenv" / "versions" / "3.12.9" / "bin" / "python3"
    there.parent.mkdir(parents=True)
    there.symlink_to(PYTHON)
    done = run(clone, "/usr/bin:/bin", "run", "--quiet", "--no-default-groups", "simkiln", "check")
    if "Failed to fetch" in done.stderr or "No matching distribution" in done.stderr or "with pip" in done.stderr:
        pytest.skip("no package registry can be reached from here")
    assert done.returncode == 0, done.stderr
    assert "warning" not in done.stdout, done.stdout
    assert "Traceback" not in done.stderr
