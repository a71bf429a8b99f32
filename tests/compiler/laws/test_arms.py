"""Curves are of what is tried, and the starts of trials are for trials."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from compiler.graph.expand import expand
from compiler.laws.arms import idle_rounds
from compiler.laws.check import check
from compiler.laws.subject import Subject, utc_day
from compiler.project.load import load_project
from runtime.out import Out
from runtime.stage import REGISTRY, Params, one, places, stage
from tests.errors.cases import base


class NoParams(Params):
    """Nothing to set."""


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """The base, with `bold` judged by a policy of its own stage."""
    base().write(tmp_path)
    path = tmp_path / "specs" / "approaches" / "bold.yaml"
    path.write_text(path.read_text() + "inputs: {evaluate: {policy: distilled}}\n")
    try:
        yield tmp_path
    finally:
        REGISTRY.pop("distilled", None)


def distilled(kind: str) -> None:
    """Register a stage of policies made from artifacts of a kind."""
    per, makes = ("location", "task", "approach", "seed"), {"c": "checkpoint/", "snapshots": "snapshots/"}

    @stage(version=1, kind="policy", per=per, needs={"found": one(kind)}, makes=makes)
    def distilled(p: NoParams, found: Path, out: Out) -> dict[str, Any]:
        """A policy of its own."""
        return {}


def said(root: Path, code: str) -> list[str]:
    return [d.message for d in check(load_project(root), "study") if d.code == code]


def test_a_curve_is_of_the_policy_that_is_tried(root: Path) -> None:
    distilled("demos")
    study = root / "specs" / "study.yaml"
    study.write_text(study.read_text() + "learning: {at: [0.5, 1]}\n")
    assert said(root, "X451") == ["the learning curve of `bold` would be of `policy`, but `distilled` is tried"]
    path = root / "specs" / "approaches" / "bold.yaml"
    path.write_text(path.read_text().replace("inputs: {", "inputs: {learning: {policy: distilled}, "))
    assert said(root, "X451") == []


def test_no_policy_reads_the_states_that_it_is_judged_from(root: Path) -> None:
    distilled("conditions")
    name = "`distilled/cellar/press/bold/0`"
    assert said(root, "X418") == [f"{name} would read `conditions`, the states that policies are judged from"]
    distilled("demos")
    assert said(root, "X418") == []


def test_rounds_are_not_idle_where_gates_stopped_all_trials(root: Path) -> None:
    distilled("demos")
    path = root / "specs" / "approaches" / "bold.yaml"
    path.write_text(path.read_text() + "rounds: 2\n")
    subject = Subject(load_project(root), "study", utc_day())
    graph = expand(subject.project, "study")
    assert [d.code for d in idle_rounds(subject, "study", graph)] == ["X450"]
    left = [node for node in graph.samples if node.scope.approach != "bold"]
    assert list(idle_rounds(subject, "study", replace(graph, samples=left))) == []


def test_the_only_approach_wires_what_is_the_baseline_s(root: Path) -> None:
    distilled("demos")
    path = root / "specs" / "approaches" / "bold.yaml"
    path.write_text(path.read_text().replace("inputs: {", "inputs: {rehearse: {twin: twin}, "))
    assert said(root, "X417") == ["`rehearse` reads `twin` of the baseline, whatever the approach"]
    study = root / "specs" / "study.yaml"
    study.write_text(study.read_text().replace("[baseline, bold]", "[bold]").replace("baseline: baseline\n", ""))
    assert said(root, "X417") == []


def test_a_set_is_named_exactly_where_a_stage_stands_for_one() -> None:
    for per, over in ((("set",), ""), (("location",), "pretrain")):
        with pytest.raises(TypeError, match="exactly where `over` names one"):

            @stage(version=1, per=per, over=over, needs={"demos": places("demos")}, makes={"m": "m/"})
            def worlds(p: NoParams, demos: list[Path], out: Out) -> dict[str, Any]:
                """A world model of no set."""
                return {}
