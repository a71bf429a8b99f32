"""What stands in a twin is part of the twin's address and of what is made of it, byte by byte, and of no other."""

import shutil
from pathlib import Path

import pytest

from compiler.graph.expand import expand
from compiler.graph.graph import Graph
from compiler.project.load import load_project
from compiler.run.remember import folders_of, is_as_planned
from tests.errors.cases import base

TRIANGLE = "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n"
WITH = "assets:\n  mug: {path: mug.obj, licence: MIT, at_m: [0.3, 0.2, 0], rgb: [1, 0, 0]}\n"
TWIN_AND_BELOW = {"twin", "demos", "policy", "evaluate", "uplift", "report"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    base().write(tmp_path)
    shutil.copy(tmp_path / "specs/locations/cellar.yaml", tmp_path / "cellar")
    return tmp_path


def graph(root: Path, *, location: str = "", files: dict[str, str] | None = None) -> Graph:
    for name, text in (files or {}).items():
        (root / name).write_text(text)
    (root / "specs/locations/cellar.yaml").write_text((root / "cellar").read_text() + location)
    return expand(load_project(root), "study")


def changed(before: Graph, after: Graph) -> set[str]:
    return {stage for stage, fingerprint in after.nodes if (stage, fingerprint) not in before.nodes}


def test_what_is_brought_changes_twins_and_what_is_made_of_them(root: Path) -> None:
    plain = graph(root)
    assert changed(plain, graph(root, location="scene: {}\nassets: {}\n")) == set()  # nobody said anything
    first = graph(root, location=WITH, files={"mug.obj": TRIANGLE})
    assert changed(plain, first) >= TWIN_AND_BELOW
    assert changed(plain, first).isdisjoint({"capture", "splat", "coverage"})
    assert changed(first, graph(root, location=WITH)) == set()
    other = graph(root, location=WITH, files={"mug.obj": TRIANGLE.replace("1 0 0", "2 0 0")})
    assert changed(first, other) == changed(plain, first)
    library = graph(root, location=WITH, files={"mug.obj": f"mtllib m.mtl\n{TRIANGLE}", "m.mtl": "newmtl a\n"})
    assert changed(library, graph(root, location=WITH, files={"m.mtl": "newmtl b\n"})) == changed(plain, first)
    stated = graph(root, location="scene: {friction: 0.5}\n")
    assert changed(plain, stated) == changed(plain, first)


def test_what_is_remembered_of_a_location_knows_its_assets(root: Path) -> None:
    first = graph(root, location=WITH, files={"mug.obj": TRIANGLE})
    project = load_project(root)
    nodes = [node for node in first.nodes.values() if node.scope.location == "cellar"]
    assert folders_of(project, "cellar") == [str(root / "mug.obj")]
    assert is_as_planned(project, "cellar", nodes)
    (root / "mug.obj").write_text(TRIANGLE + "\n# changed\n")
    assert not is_as_planned(project, "cellar", nodes)
