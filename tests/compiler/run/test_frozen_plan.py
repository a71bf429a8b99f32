"""Planned must equal published: Snakemake's own word is not enough."""

import json
import resource
from pathlib import Path

import pytest
from snakemake.exceptions import WorkflowError

from compiler.run.frozen_plan import FrozenPlan
from compiler.run.workflow import finish
from tests.compiler.published import base_project, publish_all


def frozen(root: Path, targets: list[list[str]]) -> FrozenPlan:
    run = root / "build" / "runs" / "r"
    run.mkdir(parents=True)
    needs = {"threads": 1, "mem_mb": 1, "runtime": 1, "gpu": 0}
    plan = {
        "study": "study",
        "run": "build/runs/r",
        "store": "store",
        "targets": targets,
        "nodes": {"splat": {"bb": {"label": "splat/place"}}, "capture": {"aa": {"label": "capture/place"}}},
        "jobs": {
            "splat": {"bb": {"inputs": [["capture", "aa"]], "members": ["bb"], **needs}},
            "capture": {"aa": {"inputs": [], "members": ["aa"], **needs}},
        },
    }
    (run / "plan.json").write_text(json.dumps(plan))
    return FrozenPlan(run / "plan.json")


def publish(root: Path, stage: str, name: str) -> None:
    folder = root / "store" / stage / name
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text("{}")


def test_what_was_planned_and_is_not_published_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    plan = frozen(tmp_path, [["splat", "bb"]])
    monkeypatch.chdir(tmp_path)
    publish(tmp_path, "capture", "aa")
    finish(plan)
    assert "2 more are planned, which this call left out" in capsys.readouterr().err
    for marker in (plan.marker("capture", "aa"), plan.marker("splat", "bb")):
        (tmp_path / marker).parent.mkdir(parents=True)
        (tmp_path / marker).touch()
    assert [plan.label(*address) for address in plan.absent(tmp_path)] == ["splat/place"]
    with pytest.raises(RuntimeError, match="splat/place"):
        finish(plan)
    publish(tmp_path, "splat", "bb")
    assert plan.absent(tmp_path) == []


def test_a_disk_that_is_full_at_the_end_is_told_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base_project(tmp_path)
    publish_all(tmp_path, files={"report.html": b"<html>", "report.json": b"{}"})
    monkeypatch.setattr("compiler.report.brief.render_brief", str)  # the summary of a report that holds nothing
    monkeypatch.chdir(tmp_path)
    plan = frozen(tmp_path, [["splat", "bb"]])
    publish(tmp_path, "capture", "aa")
    publish(tmp_path, "splat", "bb")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    for address in (("capture", "aa"), ("splat", "bb")):
        (tmp_path / plan.marker(*address)).parent.mkdir(parents=True)
        (tmp_path / plan.marker(*address)).touch()
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        with pytest.raises(WorkflowError, match=r"error\[B314\]: cannot use `build.*: file too large\n.*ulimit"):
            finish(plan)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_an_attempt_asks_for_more_unless_the_one_before_was_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = frozen(tmp_path, [["splat", "bb"]])
    monkeypatch.chdir(tmp_path)
    plan.job("splat", "bb").update({"mem_mb": 2000, "runtime": 30, "gpu": 1, "threads": 4})

    def asked(attempt: int) -> list[int]:
        return [
            plan.amount("splat", "bb", "mem_mb", attempt),
            plan.amount("splat", "bb", "runtime", attempt),
            plan.amount("splat", "bb", "gpu", attempt),
            plan.amount("splat", "bb", "threads", attempt),
        ]

    assert [asked(attempt) for attempt in (1, 2, 3)] == [[2000, 30, 1, 4], [4000, 60, 1, 4], [6000, 90, 1, 4]]
    refused = tmp_path / plan.refused("splat", "bb")
    refused.parent.mkdir(parents=True)
    refused.touch()
    assert asked(2) == [500, 5, 0, 1]


def test_rules_see_markers_of_this_run_only(tmp_path: Path) -> None:
    plan = frozen(tmp_path, [["splat", "bb"]])
    assert plan.targets() == ["build/runs/r/done/splat/bb"]
    assert plan.inputs("splat", "bb") == ["build/runs/r/done/capture/aa"]


def test_with_nothing_to_build_the_target_is_there_already(tmp_path: Path) -> None:
    (target,) = frozen(tmp_path, []).targets()
    assert (tmp_path / target).is_file()
