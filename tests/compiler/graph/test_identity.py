"""Addresses do not know the machine: neither what is installed, nor where the project or the code stands."""

import importlib.metadata
import json
import shutil
from pathlib import Path

import pytest

from compiler.graph import identity
from compiler.graph.expand import expand
from compiler.project.load import load_project
from runtime import libraries
from tests import REPOSITORY
from tests.compiler.plan.test_tree import simkiln
from tests.compiler.published import base_project


@pytest.fixture(autouse=True)
def fresh_pins():
    libraries.pins.cache_clear()
    yield
    libraries.pins.cache_clear()


def addresses(root: Path) -> set[tuple[str, str]]:
    return set(expand(load_project(root), "study").nodes)


def test_a_machine_without_libraries_plans_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = addresses(base_project(tmp_path / "one"))
    lines = [f"{name}[extra]=={pin}; extra == 'runtime'" for name, pin in libraries.pins().items()]

    def nothing(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(libraries, "version", nothing)
    assert libraries.installed("torch") is None
    monkeypatch.setattr(libraries, "BESIDE", tmp_path / "pyproject.toml")  # as an installed wheel
    monkeypatch.setattr(libraries, "requires", lambda name: lines)
    libraries.pins.cache_clear()
    assert addresses(base_project(tmp_path / "two")) == expected
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "another"\ndependencies = ["numpy==1.0"]\n')
    libraries.pins.cache_clear()
    assert addresses(tmp_path / "two") == expected, "a file of that name may stand beside installed packages"


def test_what_is_remembered_of_code_is_only_a_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIMKILN_NO_CACHE", "0")
    cache = tmp_path / "code.json"
    found = identity._ours.__wrapped__(cache)
    content = cache.read_bytes()
    monkeypatch.setattr(identity, "closures", lambda names: pytest.fail("it is remembered"))
    assert identity._ours.__wrapped__(cache) == found
    monkeypatch.undo()
    monkeypatch.setenv("SIMKILN_NO_CACHE", "0")
    for at in range(0, len(content), len(content) // 12):
        cache.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        assert identity._ours.__wrapped__(cache) == found
    cache.write_bytes(content)
    monkeypatch.setattr(identity, "code_key", lambda: "of other code")
    assert identity._ours.__wrapped__(cache) == found


@pytest.mark.parametrize(
    ("name", "old", "new", "stages"),
    [
        (
            "runtime/backends/renderer_numba.py",
            "return rasterization(*args, **kwargs)",
            "return rasterization(*args)",
            "splat twin",
        ),
        ("runtime/splat/rasterize.py", "def render_frame(", "UNUSED = 1\n\n\ndef render_frame(", "splat twin coverage"),
        ("rules/report/verdict.html.j2", "<h1>", '<h1 class="x">', "report"),
        ("runtime/sim/tasks/press_button/task.py", "HOVER_M = 0.045", "HOVER_M = 0.046", "demos evaluate"),
        ("runtime/splat/rasterize.py", "def render_frame(", "# a comment\ndef render_frame(", ""),
    ],
)
def test_an_edit_of_our_code_is_planned_and_said(tmp_path: Path, name: str, old: str, new: str, stages: str) -> None:
    """In a copy of the code, by the verb that people use."""
    for folder in ("compiler", "runtime", "rules", "docs/errors", "pyproject.toml"):
        source, target = REPOSITORY / folder, tmp_path / "code" / folder
        target.parent.mkdir(parents=True, exist_ok=True)
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(source, target, ignore=ignored) if source.is_dir() else shutil.copy(source, target)
    root, copy = base_project(tmp_path / "project"), str(tmp_path / "code")
    path = tmp_path / "code" / name
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    said = simkiln(root, "plan", PYTHONPATH=copy)
    assert said.returncode == 0, said.stderr
    lines = [line for line in said.stdout.splitlines() if "differs from what is recorded" in line]
    assert bool(lines) == bool(stages)
    edited = {n["label"]: n["fingerprint"] for n in json.loads(simkiln(root, "plan", "--json", PYTHONPATH=copy).stdout)["nodes"]}
    plain = {n["label"]: n["fingerprint"] for n in json.loads(simkiln(root, "plan", "--json").stdout)["nodes"]}
    moved = {label.partition("/")[0] for label in plain if plain[label] != edited[label]}
    assert moved >= set(stages.split())
    assert bool(moved) == bool(stages)
