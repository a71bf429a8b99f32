"""Planned must equal published: Snakemake's own word is not enough."""

import json
from pathlib import Path

import pytest

from compiler.run.frozen_plan import FrozenPlan
from compiler.run.workflow import finish


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
