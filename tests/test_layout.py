"""The laws of the layout: who may import whom, what stays light, how long a file may be."""

import ast
import re
import statistics
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests import REPOSITORY

PACKAGES = ("compiler", "runtime")
HEAVY = ("torch", "mujoco", "numba", "lerobot", "pycolmap", "numpy", "scipy", "pyarrow")
SOURCES = sorted(p for package in PACKAGES for p in (REPOSITORY / package).rglob("*.py"))

COMPILER = """diagnostics templates reading spec shape project graph trials laws store plan fix new render schema why report run
editor verbs cli""".split()
"""The rooms of `compiler/`, from the ground: each imports only what stands before it."""
RUNTIME = """files sealed private problem libraries bound contract backend job store tracking out stage report.forms stats.band
stats.status stats.table stats.inference stats.verdict stats.prior stats.effects stats.evidence stats.curves stats.kpi
stats.looks stats.transfer stats.ranking stats.causes
splat coverage scene_index learn sim.parts sim.tasks sim.scene sim.pixels sim.twin sim.site capture
assets robots recorded checkpoints footage sim.episodes sim.trials sim.vector sim.lab rl developmental world mining foresight
benchmarks trainers trials
report.labels
report.roles report.drawing report.study report.sections report.downloads report.page report.content report.recompute view export
backends build stages ask warm __main__""".split()
"""Those of `runtime/`; `sim`, `stats` and `report` are houses of their own."""


def imports(path: Path) -> Iterator[str]:
    """Names of all modules of ours that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.module is not None, f"{path}: `from . import` does not say which room"
            assert node.level == 0, f"{path}: `from .{node.module} import` does not say which room"
            for alias in node.names:
                inside = REPOSITORY / Path(*node.module.split(".")) / alias.name
                found = inside.is_dir() or inside.with_suffix(".py").is_file()
                yield f"{node.module}.{alias.name}" if found else node.module


def room(module: str) -> tuple[str, str]:
    """`runtime.stats.kpi.week` -> ("runtime", "stats.kpi")."""
    package, *rest = module.split(".")
    deep = package == "runtime" and rest[0] in ("sim", "stats", "report")
    return package, ".".join(rest[: 2 if deep else 1])


def test_each_import_goes_to_an_earlier_room() -> None:
    floors: dict[tuple[str, str], int] = {("compiler", name): n for n, name in enumerate(COMPILER)}
    floors |= {("runtime", name): n - len(RUNTIME) for n, name in enumerate(RUNTIME)}  # below all of the compiler
    guilty = []
    for path in SOURCES:
        module = ".".join(path.relative_to(REPOSITORY).with_suffix("").parts).removesuffix(".__init__")
        for name in imports(path) if "." in module else ():
            here, there = room(module), room(name) if name.split(".")[0] in PACKAGES else None
            assert {here, there} <= {*floors, None}, f"{module} -> {name}: give the new room its place in the list"
            if there is not None and there != here and floors[there] > floors[here]:
                guilty.append(f"{module} -> {name}")
    assert guilty == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    paths = {".".join(p.relative_to(REPOSITORY).with_suffix("").parts).removesuffix(".__init__"): p for p in SOURCES}
    graph = {module: {name for name in imports(path) if name in paths} for module, path in paths.items()}
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


def test_the_compiler_s_top_is_one_screen() -> None:
    assert len([p for p in (REPOSITORY / "compiler").iterdir() if p.name != "__pycache__"]) <= 22


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


def test_docs_name_files_that_exist() -> None:
    pages = [*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md")]
    named = {
        (page.name, name)
        for page in pages
        for name in re.findall(
            r"`((?:compiler|runtime|tests|docs|rules|schema|benchmarks|profiles)/[a-z0-9_./-]*)`", page.read_text()
        )
    }
    assert sorted((page, name) for page, name in named if not (REPOSITORY / name).exists()) == []


def test_each_requirement_of_the_playbook_names_what_shows_it() -> None:
    rows = re.findall(r"^\| ([A-D](?=:)|P\d+)(.*)$", (REPOSITORY / "docs" / "playbook.md").read_text(), re.M)
    assert [name for name, _ in rows] == [*"ABCD", *(f"P{i}" for i in range(1, 16))]
    shown = {name: re.findall(r"`((?:specs|tests|docs|benchmarks)/[^`]*)`", text) for name, text in rows}
    assert [name for name, paths in shown.items() if not paths] == []
    assert [path for paths in shown.values() for path in paths if not (REPOSITORY / path).exists()] == []


def test_the_compiler_names_no_stage() -> None:
    """What a study does with a stage follows from its role (`compiler/graph/roles.py`), never from its name."""
    from runtime.stage import load_stages

    guilty = []
    for path in (REPOSITORY / "compiler").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            compared = isinstance(node, ast.Compare) and any(
                ast.unparse(x).endswith("stage.name") for x in (node.left, *node.comparators)
            )
            looked_up = isinstance(node, ast.Subscript) and ast.unparse(node.value) in ("REGISTRY", "load_stages()", "stages")
            inside = [*ast.walk(node.slice)] if isinstance(node, ast.Subscript) else [*ast.walk(node)]
            if (compared or looked_up) and any(isinstance(x, ast.Constant) and x.value in load_stages() for x in inside):
                guilty.append(f"{path.name}:{node.lineno}: {ast.unparse(node)}")
    assert guilty == []
