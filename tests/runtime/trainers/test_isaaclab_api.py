"""What the package's modules ask of Isaac Lab, held against the source of its wheel, of which nothing is imported.

The wheel (12 MB) lies unpacked where `.ci/run` puts it, or in an environment where Isaac Lab is installed.
"""

import ast
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from runtime.trainers.package import ENTRY_POINTS, Asked, command
from tests import REPOSITORY

MODULES = sorted((REPOSITORY / "rules" / "isaaclab").rglob("*.py"))
PLACES = [
    Path(os.environ.get("ISAACLAB_WHEEL", ".nowhere")),
    REPOSITORY / ".envs/isaaclab-wheel",
    *REPOSITORY.glob(".envs/isaaclab/lib/python3*/site-packages"),
]
WHEEL = next((place for place in PLACES if (place / "isaaclab").is_dir()), Path())
needs_wheel = pytest.mark.skipif(
    Path() == WHEEL, reason="no source of Isaac Lab: see tests/runtime/trainers/test_isaaclab_api.py"
)


def files(module: str) -> list[Path]:
    """What defines a module's names: itself, or all of its folder, for packages export lazily."""
    at = WHEEL.joinpath(*module.split("."))
    return sorted(at.rglob("*.py*")) if at.is_dir() else [at.with_suffix(".py")]


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text()) if path.suffix in (".py", ".pyi") else ast.Module([], [])


def defined(path: Path) -> set[str]:
    body = parsed(path).body
    assigned = {t.id for x in body if isinstance(x, ast.Assign) for t in x.targets if isinstance(t, ast.Name)}
    return assigned | {x.name for x in body if isinstance(x, ast.ClassDef | ast.FunctionDef)}


def asked() -> Iterator[tuple[str, str, str]]:
    """File, module and name of each import from Isaac Lab, and of each attribute of a module of it that is used."""
    for path in MODULES:
        whole = {}
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("isaaclab"):
                for alias in node.names:
                    if (WHEEL.joinpath(*str(node.module).split("."), alias.name)).is_dir():
                        whole[alias.asname or alias.name] = f"{node.module}.{alias.name}"
                    else:
                        yield path.name, str(node.module), alias.name
            elif isinstance(node, ast.Import):
                whole |= {a.asname: a.name for a in node.names if a.asname and a.name.startswith("isaaclab")}
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in whole:
                yield path.name, whole[node.value.id], node.attr


@cache
def fields(name: str) -> frozenset[str]:
    """Fields of a class of configuration and of its bases, by their names in the wheel."""
    found: set[str] = set()
    for path in WHEEL.glob("isaaclab*/**/*.py"):
        if f"class {name}(" not in path.read_text() and f"class {name}:" not in path.read_text():
            continue
        for node in parsed(path).body:
            if isinstance(node, ast.ClassDef) and node.name == name:
                found |= {x.target.id for x in node.body if isinstance(x, ast.AnnAssign) and isinstance(x.target, ast.Name)}
                found |= {t.id for x in node.body if isinstance(x, ast.Assign) for t in x.targets if isinstance(t, ast.Name)}
                for base in node.bases:
                    found |= fields(ast.unparse(base).rpartition(".")[2])
    return frozenset(found)


@needs_wheel
def test_each_name_is_there() -> None:
    missing = [f"{file}: {module}.{name}" for file, module, name in asked() if not any(name in defined(p) for p in files(module))]
    assert missing == []
    assert len(list(asked())) > 30, "it looks at something"


@needs_wheel
def test_each_setting_is_a_field() -> None:
    odd, looked = [], 0
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text())):
            name = ast.unparse(node.func).rpartition(".")[2] if isinstance(node, ast.Call) else ""
            if isinstance(node, ast.Call) and (name.endswith("Cfg") or name == "SceneEntityCfg") and (known := fields(name)):
                looked += 1
                odd += [f"{path.name}: {name}({one.arg}=)" for one in node.keywords if one.arg and one.arg not in known]
    assert odd == []
    assert looked > 12


@needs_wheel
def test_the_command_line_takes_each_option() -> None:
    source = "".join(path.read_text() for name in ("isaaclab_rl.entrypoints", "isaaclab.app") for path in files(name))
    options = [word for word in command([], Asked(1, 1)) if word.startswith("--")]
    options.remove("--viz")  # it is added under a name that is put together; training with it was run
    assert [word for word in options if f'"{word}"' not in source] == []
    assert "isaaclab.tasks" in ENTRY_POINTS
    assert '"isaaclab.tasks"' in (WHEEL / "isaaclab/cli/__init__.py").read_text()
