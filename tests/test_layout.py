"""The laws of the layout: who may import whom, what stays light, how long a file may be."""

import ast
import statistics
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests import REPOSITORY

PACKAGES = ("compiler", "runtime")
HEAVY = ("torch", "mujoco", "numba", "lerobot", "pycolmap", "numpy", "scipy", "pyarrow")
SOURCES = sorted(p for package in PACKAGES for p in (REPOSITORY / package).rglob("*.py"))


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


def test_runtime_never_imports_the_compiler() -> None:
    guilty = [
        str(p.relative_to(REPOSITORY))
        for p in SOURCES
        if "runtime" in p.relative_to(REPOSITORY).parts and any(name.split(".")[0] == "compiler" for name in imported(p))
    ]
    assert guilty == []


@pytest.mark.parametrize("statement", ["import compiler.cli", "from runtime.stage import load_stages; load_stages()"])
def test_the_compiler_and_the_registry_stay_light(statement: str) -> None:
    program = f"import sys; {statement}; print(*sorted(m for m in {HEAVY!r} if m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_files_are_short() -> None:
    lengths = {str(p.relative_to(REPOSITORY)): len(p.read_text().splitlines()) for p in SOURCES}
    assert {name: n for name, n in lengths.items() if n > 500} == {}
    assert statistics.median(lengths.values()) <= 120


def test_only_we_provide_our_top_level_names() -> None:
    provided = packages_distributions()
    for package in PACKAGES:
        assert set(provided.get(package, ["simkiln"])) == {"simkiln"}


def test_stages_stand_one_in_a_file() -> None:
    from runtime.stage import load_stages

    assert {s.function.__module__.rpartition(".")[2]: name for name, s in load_stages().items()} == {
        name: name for name in load_stages()
    }


def test_no_path_of_a_machine_is_committed() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    needles = [b"/" + word + b"/" for word in (b"root", b"work", b"home")]
    guilty = []
    for name in listed.stdout.splitlines():
        path = REPOSITORY / name
        if path.suffix in {".py", ".yaml", ".md", ".toml", ".j2", ".json", ""} and path.is_file():
            content = path.read_bytes()
            guilty += [name for needle in needles if needle in content]
    assert guilty == []
