"""An address knows no id and no title."""

from pathlib import Path

from compiler.graph.expand import expand
from compiler.project.load import load_project
from tests.errors.cases import base

NAMES = {"cellar": "vault", "[press]": "[push]", "press.yaml": "push.yaml", "bold": "brave", "title: ": "title: Another "}
"""What it says -> what it says after everything was given another name."""


def addresses(root: Path) -> set[tuple[str, str]]:
    """Those of all that does not speak of the study as a whole, which shows ids."""
    nodes = expand(load_project(root), "study").nodes.values()
    return {node.address for node in nodes if node.scope.study is None}


def renamed(text: str) -> str:
    for old, new in NAMES.items():
        text = text.replace(old, new)
    return text


def test_a_project_in_which_everything_has_another_name_has_the_same_addresses(tmp_path: Path) -> None:
    base().write(tmp_path)
    before = addresses(tmp_path)
    assert {stage for stage, _ in before} >= {"capture", "policy", "evaluate"}
    for path in sorted(tmp_path.rglob("*.yaml")):
        path.write_text(renamed(path.read_text()))
        path.rename(path.with_name(renamed(path.name)))
    assert load_project(tmp_path).ids("approach") == ["baseline", "brave"]
    assert addresses(tmp_path) == before
