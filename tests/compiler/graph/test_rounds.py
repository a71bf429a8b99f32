"""Rounds unroll while a study is expanded: each reads the one before, all are artifacts, and the last one is judged."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from compiler.graph.expand import expand
from compiler.graph.node import Node
from compiler.laws.check import check
from compiler.project.load import load_project
from runtime.out import Out
from runtime.stage import REGISTRY, Params, one, previous, stage
from tests.errors.cases import base

BOLD = """title: Bold
extends: baseline
rounds: 3
inputs: {evaluate: {policy: tuned}, learning: {policy: tuned}}
row: {available: true, no_new_real_data: true, no_teleoperation: true, stack_change: none}
"""


class TunedParams(Params):
    """Nothing to set."""


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[dict[str, Node]]:
    """The study with an approach of three rounds, by the names of its nodes."""

    @stage(
        version=1,
        kind="policy",
        per=("location", "task", "approach", "seed", "round"),
        needs={"start": one("policy"), "before": previous("policy", "round")},
        makes={"checkpoint": "checkpoint/"},
    )
    def tuned(p: TunedParams, start: Path, before: Path | None, out: Out) -> dict[str, Any]:
        """A policy that goes on from the round before."""
        return {}

    try:
        base().write(tmp_path)
        (tmp_path / "specs" / "approaches" / "bold.yaml").write_text(BOLD)
        project = load_project(tmp_path)
        assert [d.code for d in check(project, "study") if d.severity == "error"] == []
        yield {node.label: node for node in expand(project, "study").nodes.values()}
    finally:
        del REGISTRY["tuned"]


def test_each_round_reads_the_one_before_and_the_last_is_judged(nodes: dict[str, Node]) -> None:
    rounds = [nodes[f"tuned/cellar/press/bold/0/{n}"] for n in (1, 2, 3)]
    assert "before" not in rounds[0].inputs
    assert [found.inputs["before"] for found in rounds[1:]] == [(rounds[0],), (rounds[1],)]
    assert len({found.inputs["start"] for found in rounds}) == 1
    assert nodes["evaluate/cellar/press/bold/0/twin"].inputs["policy"] == (rounds[2],)


def test_who_has_no_rounds_knows_of_none(nodes: dict[str, Node]) -> None:
    assert not any(label.startswith("tuned/cellar/press/baseline") for label in nodes)
    assert nodes["evaluate/cellar/press/baseline/0/twin"].inputs["policy"][0].label == "policy/cellar/press/baseline/0"


def test_a_round_is_the_same_artifact_whatever_follows_it(tmp_path: Path, nodes: dict[str, Node]) -> None:
    path = tmp_path / "specs" / "approaches" / "bold.yaml"
    path.write_text(BOLD.replace("rounds: 3", "rounds: 2"))
    fewer = {node.label: node for node in expand(load_project(tmp_path), "study").nodes.values()}
    label = "tuned/cellar/press/bold/0/2"
    assert fewer[label].fingerprint == nodes[label].fingerprint
    assert fewer["evaluate/cellar/press/bold/0/twin"].inputs["policy"] == (fewer[label],)


def test_each_round_may_have_trials(tmp_path: Path, nodes: dict[str, Node]) -> None:
    (tmp_path / "specs" / "approaches" / "bold.yaml").write_text(BOLD.replace("rounds: 3", "rounds: 3\njudge_rounds: all"))
    project = load_project(tmp_path)
    study = project.studies["study"]
    assert study.approaches[-2:] == ["bold~round-1", "bold~round-2"]
    assert not any("~" in claim for claim in study.claims)
    judged = {node.label: node for node in expand(project, "study").nodes.values()}
    for n, approach in enumerate(("bold~round-1", "bold~round-2", "bold"), 1):
        (policy,) = judged[f"evaluate/cellar/press/{approach}/0/twin"].inputs["policy"]
        assert policy.fingerprint == nodes[f"tuned/cellar/press/bold/0/{n}"].fingerprint
