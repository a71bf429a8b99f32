"""A study's limit on disagreement touches its evidence and nothing that trials are made from."""

from pathlib import Path

import pytest

from compiler.graph.expand import expand
from compiler.project.load import load_project
from tests.compiler.built import Built

EVIDENCE = {"uplift", "gate", "claim", "report"}


@pytest.mark.parametrize("more", ["reproducible: {at_most: 2}\n", "reproducible: {domains: {irl: 30}}\n"])
def test_changing_the_limit_builds_the_evidence_again(tmp_path: Path, more: str) -> None:
    built = Built(tmp_path)
    before = {label: node.fingerprint for label, node in built.nodes().items()}
    built.edit("study.yaml", "level: 0.8\n", f"level: 0.8\n{more}")
    after = {label: node.fingerprint for label, node in built.nodes().items()}
    changed = {label for label in before if before[label] != after[label]}
    assert changed
    assert changed == {label for label in before if label.partition("/")[0] in EVIDENCE}


def test_saying_the_default_changes_nothing(tmp_path: Path) -> None:
    built = Built(tmp_path)
    before = {label: node.fingerprint for label, node in built.nodes().items()}
    built.edit("study.yaml", "level: 0.8\n", "level: 0.8\nreproducible: {at_most: 5}\n")
    assert {label: node.fingerprint for label, node in built.nodes().items()} == before


def test_the_frame_carries_the_limit(tmp_path: Path) -> None:
    built = Built(tmp_path)
    built.edit("study.yaml", "level: 0.8\n", "level: 0.8\nreproducible: {at_most: 2, domains: {irl: 30}}\n")
    nodes = expand(load_project(built.root), "study").nodes.values()
    (frame,) = (node.setting.params["study"] for node in nodes if node.stage.name == "uplift")
    assert frame["reproducible"] == {"at_most": 2.0, "domains": {"irl": 30.0}}
