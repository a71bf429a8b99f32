"""The bootstrap: with nothing but a python3 that has pip, also where pip may not touch the system's packages."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import REPOSITORY


def run(folder: Path, path: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("UV", "VIRTUAL_ENV"))}
    return subprocess.run(
        ["sh", str(folder / "uvw"), "--version"], env={**environment, "PATH": path}, capture_output=True, text=True
    )


def tools(folder: Path, *names: str) -> str:
    """A PATH that holds these tools and no uv."""
    folder.mkdir()
    for name in names:
        (folder / name).symlink_to(shutil.which(name) or name)
    return str(folder)


def test_uv_on_the_path_is_used_as_it_is(tmp_path: Path) -> None:
    shutil.copy(REPOSITORY / "uvw", tmp_path)
    path = tools(tmp_path / "bin", "sh", "dirname")
    fake = tmp_path / "bin" / "uv"
    fake.write_text("#!/bin/sh\necho uv from the path\n")
    fake.chmod(0o755)
    assert run(tmp_path, path).stdout == "uv from the path\n"
    assert not (tmp_path / ".uv").exists()


@pytest.mark.slow
def test_without_uv_pip_brings_it(tmp_path: Path) -> None:
    shutil.copy(REPOSITORY / "uvw", tmp_path)
    path = tools(tmp_path / "bin", "sh", "dirname")
    base = Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    if subprocess.run([base, "-m", "pip", "--version"], capture_output=True).returncode:
        pytest.skip("this Python has no pip")
    (tmp_path / "bin" / "python3").symlink_to(base)
    done = run(tmp_path, path)
    if "No matching distribution" in done.stderr or "Could not find a version" in done.stderr:
        pytest.skip("no package registry can be reached from here")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("uv ")
