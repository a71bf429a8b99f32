"""Compiled kernels are unpickled: from a folder that somebody else could write to, nothing is."""

import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import REPOSITORY

STRANGER = 4321
KERNEL = "from runtime.splat.jit import kernel\n@kernel\ndef f(x):\n    return x + 1\nprint(f(1.0))\n"
FOLDER = "from runtime.private import private_folder\nprint(private_folder('cache'))\n"


def without_cache() -> dict[str, str]:
    """The environment, without the folder that kernels of this process are kept in."""
    return {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}


def run(code: Path, shared: Path, program: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**without_cache(), "TMPDIR": str(shared), "PYTHONPATH": str(code), **variables}
    return subprocess.run([sys.executable, str(program)], env=environment, capture_output=True, text=True, check=True)


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """A temporary folder as all of a machine have it; where it lies nobody else can write."""
    tmp_path.chmod(0o755)
    (tmp_path / "tmp").mkdir()
    (tmp_path / "tmp").chmod(0o1777)
    return tmp_path / "tmp"


def folder(shared: Path, tmp_path: Path) -> tuple[Path, str, bool]:
    """The folder that a process chooses, what it says, and whether the folder outlives it."""
    (tmp_path / "folder.py").write_text(FOLDER)
    done = run(REPOSITORY, shared, tmp_path / "folder.py")
    return Path(done.stdout.strip()), done.stderr, Path(done.stdout.strip()).exists()


def test_a_folder_of_one_s_own_is_made_and_found_again(shared: Path, tmp_path: Path) -> None:
    first, said, stays = folder(shared, tmp_path)
    assert (first, said, stays) == (shared / f"simkiln-{os.getuid()}" / "cache", "", True)
    assert [path.stat().st_mode & 0o777 for path in (first, first.parent)] == [0o700, 0o700]
    assert folder(shared, tmp_path)[0] == first


def link(own: Path) -> None:
    elsewhere = own.parent / "elsewhere"
    elsewhere.mkdir(0o700)
    own.symlink_to(elsewhere)


def inner_link(own: Path) -> None:
    own.mkdir(0o700)
    (own.parent / "elsewhere").mkdir()
    (own / "cache").symlink_to(own.parent / "elsewhere")


def theirs(own: Path) -> None:
    own.mkdir(0o777)
    os.chown(own, STRANGER, STRANGER)


def opened(own: Path) -> None:
    own.mkdir()
    own.chmod(0o770)


def exchangeable(own: Path) -> None:
    own.parent.chmod(0o777)


@pytest.mark.parametrize(
    ("plant", "why"),
    [
        (link, "is a link"),
        (inner_link, "is a link"),
        (theirs, "belongs to somebody else"),
        (opened, "others can write to"),
        (exchangeable, "others can exchange"),
    ],
)
def test_one_that_others_can_write_to_is_not_used(shared: Path, tmp_path: Path, plant: Callable[[Path], None], why: str) -> None:
    if plant is theirs and os.getuid() != 0:
        pytest.skip("only root may give a folder to somebody else")
    own = shared / f"simkiln-{os.getuid()}"
    plant(own)
    chosen, said, stays = folder(shared, tmp_path)
    assert chosen.parent == shared
    assert chosen != own
    assert not stays
    assert why in said
    assert said.count("\n") == 1


@pytest.mark.skipif(os.getuid() != 0, reason="only root may give a folder to somebody else")
def test_a_planted_pickle_runs_nothing(shared: Path, tmp_path: Path) -> None:
    """The folder beside the code cannot be used; a stranger made the one in the temporary folder first."""
    code = tmp_path / "code"
    for name in ("__init__.py", "private.py", "splat/__init__.py", "splat/jit.py"):
        (code / "runtime" / name).parent.mkdir(parents=True, exist_ok=True)
        if (REPOSITORY / "runtime" / name).exists():
            shutil.copy(REPOSITORY / "runtime" / name, code / "runtime" / name)
    (code / "runtime" / "splat" / "__pycache__").write_text("no folder")
    program = tmp_path / "program.py"
    program.write_text(KERNEL)
    variables = {"PYTHONDONTWRITEBYTECODE": "1"}
    assert run(code, shared, program, **variables).stdout == "2.0\n"
    own = shared / f"simkiln-{os.getuid()}"
    planted = list(own.rglob("*.nbi"))
    assert planted

    class Command:
        def __reduce__(self) -> tuple:
            return os.system, (f"touch {tmp_path}/ran",)

    for path in planted:
        path.write_bytes(pickle.dumps(Command()))
    for path in (own, *own.rglob("*")):
        os.chown(path, STRANGER, STRANGER)
    done = run(code, shared, program, **variables)
    assert done.stdout == "2.0\n"
    assert "belongs to somebody else" in done.stderr
    assert not (tmp_path / "ran").exists()
    for path in (own, *own.rglob("*")):
        os.chown(path, 0, 0)
    subprocess.run(
        [sys.executable, str(program)], env={**without_cache(), "TMPDIR": str(shared), "PYTHONPATH": str(code), **variables}
    )
    assert (tmp_path / "ran").exists(), "believed, it would have run"
