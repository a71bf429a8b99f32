"""Many short nodes share a job; what needs what is kept."""

import json
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from compiler.plan.study import open_project, plan_study
from compiler.run import chunks as chunking
from compiler.run.chunks import chunks
from compiler.run.emit import emit
from compiler.run.frozen_plan import FrozenPlan
from tests import REPOSITORY
from tests.compiler.graph.test_pattern import written


def test_few_nodes_have_a_job_each(tmp_path: Path) -> None:
    project = open_project(written(tmp_path, [(0, ""), (1, "")]))
    plan = plan_study(project, "study")
    assert all(len(part.nodes) == 1 for part in chunks(plan))


def test_rounds_make_no_circle(monkeypatch: pytest.MonkeyPatch) -> None:
    """A policy of round 2 needs rollouts of that of round 1, of which another arm's is built by the same stage."""
    monkeypatch.setattr(chunking, "MANY", 3)
    parts = chunks(plan_study(open_project(REPOSITORY), "paced-samples"))
    home = {n.address: i for i, part in enumerate(parts) for n in part.nodes}
    needed = {i: {home[p.address] for n in part.nodes for p in n.parents() if p.address in home} for i, part in enumerate(parts)}
    assert any(len(part.nodes) > 1 for part in parts)
    TopologicalSorter(needed).prepare()


@pytest.mark.parametrize("worth", [2.0, 20.0])
def test_chunks_hold_every_node_once_and_come_after_what_they_need(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, worth: float
) -> None:
    monkeypatch.setattr(chunking, "MANY", 3)
    monkeypatch.setattr(chunking, "WORTH_MIN", worth)
    project = open_project(written(tmp_path, [(seed, "") for seed in range(12)]))
    plan = plan_study(project, "study")
    parts = chunks(plan)
    assert sorted(n.address for part in parts for n in part.nodes) == sorted(n.address for n in plan.build())
    assert any(len(part.nodes) > 1 for part in parts)
    for part in parts:
        assert len({node.stage.name for node in part.nodes}) == 1
        minutes = [node.setting.resources.minutes for node in part.nodes]
        assert sum(minutes) <= max(chunking.LONGEST_MIN, max(minutes)) + 1e-9
        assert part.entry([])["runtime"] == max(10, round(sum(minutes) * 10))
    frozen = FrozenPlan(emit(project, plan))
    built: set[str] = set()
    for part in parts:  # graph order within a stage, stages after those that they read
        stage, name = part.address
        assert frozen.job(stage, name)["members"] == [n.fingerprint for n in part.nodes]
    home = {n.address: frozen.marker(*part.address) for part in parts for n in part.nodes}
    for part in parts:
        needed = {home[p.address] for n in part.nodes for p in n.parents() if p.address in home}
        assert set(frozen.inputs(*part.address)) == needed
        built.add(frozen.marker(*part.address))
    assert set(frozen.targets()) <= built
    for node in plan.build():
        job = json.loads((tmp_path / "build/jobs" / node.stage.name / f"{node.fingerprint}.json").read_text())
        assert job["label"] == node.label
