"""A stage may stand for a named set of locations: it reads its places as the asker makes them, and knows of no others."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from compiler.graph.expand import expand
from compiler.graph.node import Node
from compiler.laws.check import check
from compiler.project.load import load_project
from runtime.out import Out
from runtime.stage import REGISTRY, Params, every, one, places, stage
from tests.errors.cases import base

BOLD = """title: Bold
extends: baseline
stages: {demos: {episodes: 40}}
inputs: {evaluate: {policy: dreamed}, dreamed: {world: world}}
row: {available: true, no_new_real_data: true, no_teleoperation: true, stack_change: none}
"""
Nodes = dict[str, Node]


class NoParams(Params):
    """Nothing to set."""


@pytest.fixture
def expanded(tmp_path: Path) -> Iterator[Callable[..., Nodes]]:
    """The base study with more lines, by the names of its nodes."""
    reads = {"clips": places("coverage"), "demos": places("demos")}

    @stage(version=1, per=("set", "approach"), over="pretrain", needs=reads, makes={"model": "model.json"})
    def world(p: NoParams, clips: list[Path], demos: list[Path], out: Out) -> dict[str, Any]:
        """A model of many places."""
        return {}

    goes_on = {"world": one("world"), "start": one("policy")}

    @stage(version=1, kind="policy", per=("location", "task", "approach", "seed"), needs=goes_on, makes={"c": "checkpoint/"})
    def dreamed(p: NoParams, world: Path, start: Path, out: Out) -> dict[str, Any]:
        """A policy that goes on in the model."""
        return {}

    base().write(tmp_path)
    specs = tmp_path / "specs"
    (specs / "approaches" / "bold.yaml").write_text(BOLD)
    cellar = (specs / "locations" / "cellar.yaml").read_text()
    for n, name in enumerate(("attic", "barn", "shed")):
        (specs / "locations" / f"{name}.yaml").write_text(cellar.replace("seed: 1", f"seed: {n + 50}"))
    text = (specs / "study.yaml").read_text()

    def study(more: str, locations: str = "[cellar]") -> Nodes:
        (specs / "study.yaml").write_text(text.replace("[cellar]", locations) + more)
        return {node.label: node for node in expand(load_project(tmp_path), "study").nodes.values()}

    try:
        yield study
    finally:
        del REGISTRY["world"], REGISTRY["dreamed"]


def test_it_reads_what_the_asking_approach_makes_at_each_place(expanded: Callable[..., Nodes], tmp_path: Path) -> None:
    nodes = expanded("sets: {pretrain: [attic, barn]}\n")
    assert [d.message for d in check(load_project(tmp_path), "study") if d.severity == "error"] == []
    world = nodes["world/pretrain/bold"]
    assert [demos.scope.location for demos in world.inputs["demos"]] == ["attic", "barn"]
    assert all(demos.params["episodes"] == 40 for demos in world.inputs["demos"])
    assert [clips.stage.name for clips in world.inputs["clips"]] == ["coverage", "coverage"]
    assert nodes["dreamed/cellar/press/bold/0"].inputs["world"] == (world,)


def test_a_location_outside_of_the_set_changes_no_address_of_it(expanded: Callable[..., Nodes]) -> None:
    few = expanded("sets: {pretrain: [attic, barn]}\n")["world/pretrain/bold"]
    more = expanded("sets: {pretrain: [attic, barn]}\n", locations="[cellar, shed]")
    assert more["world/pretrain/bold"].fingerprint == few.fingerprint
    assert more["dreamed/shed/press/bold/0"].inputs["world"] == (more["world/pretrain/bold"],)
    assert expanded("sets: {pretrain: [attic, shed]}\n")["world/pretrain/bold"].fingerprint != few.fingerprint


def test_what_is_held_out_is_refused_in_a_set_and_never_read(expanded: Callable[..., Nodes], tmp_path: Path) -> None:
    nodes = expanded("sets: {pretrain: [attic, barn], held_out: [barn]}\n")
    assert [demos.scope.location for demos in nodes["world/pretrain/bold"].inputs["demos"]] == ["attic"]
    found = [d for d in check(load_project(tmp_path), "study") if d.code == "X418"]
    assert [d.message for d in found] == ["location `barn` is held out, but stands in the set `pretrain`, which trains"]


def test_a_set_that_a_study_does_not_name_is_asked_for(expanded: Callable[..., Nodes], tmp_path: Path) -> None:
    expanded("")
    found = [d.message for d in check(load_project(tmp_path), "study") if d.code == "X445"]
    assert found == ["`world/pretrain/bold` stands for the set `pretrain`, which the study does not name"]
    expanded("sets: {pretrain: []}\n")
    found = [d.message for d in check(load_project(tmp_path), "study") if d.code == "X445"]
    assert found == ["`world/pretrain/bold` stands for the set `pretrain`, which is empty"]


def test_a_location_stands_once_in_a_set(expanded: Callable[..., Nodes], tmp_path: Path) -> None:
    expanded("sets: {pretrain: [attic, barn, attic]}\n")
    (found,) = [d for d in check(load_project(tmp_path), "study") if d.severity == "error"]
    assert (found.code, found.message, str(found.span)) == (
        "R202",
        "`attic` is listed twice in `pretrain`",
        "specs/study.yaml:12:32",
    )


def test_a_stage_of_an_approach_cannot_read_the_whole_study_which_would_be_the_baselines() -> None:
    def crowd(p: NoParams, demos: list[Path], out: Out) -> dict[str, Any]:
        """A policy of all demos."""
        return {}

    with pytest.raises(TypeError, match="`demos` would read the baseline's"):
        stage(version=1, per=("location", "approach"), needs={"demos": every("demos")}, makes={"c": "c/"})(crowd)
    assert "crowd" not in REGISTRY
