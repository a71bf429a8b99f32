"""Rounds of mining in the report: means over runs, what was rolled back, and people against the judge."""

from pathlib import Path
from typing import Any

import pytest

from runtime.bound.audit import Audit
from runtime.bound.cell import Cell
from runtime.bound.frame import StudyFrame
from runtime.report.sections.rounds import rounds
from runtime.report.study import Artifacts, Study
from runtime.store.store import Store


def made(store: Path, stage: str, tag: str, metrics: dict[str, Any], **parents: Path) -> Path:
    """An artifact of which only its manifest counts."""
    fingerprint = f"{tag:x<32}"[:32]
    told = {port: [f"{folder.parent.name}/{folder.name}"] for port, folder in parents.items()}
    with Store(store).building(stage, fingerprint) as folder:
        (folder / "x").write_text("x")
        return Store(store).publish(stage, fingerprint, folder, {"stage": stage, "metrics": metrics, "parents": told})


def tried(store: Path, seed: int, rolled_back: int, right: float) -> Path:
    """Trials of a policy of one round."""
    judge = made(store, "judge", "a", {"auc": 0.91, "ece": 0.1, "stuck": 0.0, "episodes": 60})
    mine = made(store, "mine", f"b{seed}", {"round": 1, "said_share": 0.5, "hard_share": 0.4}, agreement=judge)
    told = {"round": 1, "success_rate": 0.25, "judge_right": right, "twin_rollouts": 40}
    remedy = made(store, "remedy", f"c{seed}", told, mined=mine)
    refine = made(store, "refine", f"d{seed}", {"round": 1}, remedies=remedy)
    keep = made(store, "keep", f"e{seed}", {"round": 1, "value": 0.6, "rolled_back": rolled_back}, policy=refine)
    return made(store, "evaluate", f"f{seed}", {}, policy=keep)


def test_rounds_are_means_over_runs_and_people_are_held_against_the_judge(tmp_path: Path) -> None:
    frame = StudyFrame(
        id="s",
        baseline="base",
        locations=("barn",),
        tasks=("press",),
        approaches=("base", "mined"),
        seeds=(0, 1),
        trials={"twin": 5},
    )
    cells = [Cell(location="barn", task="press", approach="mined", seed=seed, domain="twin") for seed in (0, 1)]
    trials = [tried(tmp_path, 0, 0, 0.75), tried(tmp_path, 1, 1, 0.25)]
    artifacts = [f"mine/{tag:x<32}" for tag in ("b0", "b0", "b1", "b1", "before")]  # the last was built again since
    scores, verdicts = (0.9, 0.8, 0.1, 0.2, 0.9), (True, False, False, False, False)
    audit = Audit(scores=scores, verdicts=verdicts, artifacts=tuple(artifacts), unclear=2)
    found = rounds(Study(frame, cells, Artifacts(None, trials=trials), audit=audit))
    assert found is not None
    (row,) = found["rows"]
    assert (row["approach"], row["round"], row["runs"], row["rolled_back"], row["twin_rollouts"]) == ("mined", 1, 2, 1, 80)
    assert (row["imagined"], row["hard"], row["twin"], row["judge_right"], row["rehearsed"]) == (0.5, 0.4, 0.25, 0.5, 0.6)
    assert [one["auc"] for one in found["judges"]] == [0.91]
    assert found["audit"] is not None
    assert (found["audit"]["n"], found["audit"]["unclear"], found["audit"]["agree"]) == (4, 2, 0.75)
    assert found["audit"]["kappa"] == pytest.approx(0.5)
    assert found["audit"]["outdated"] == 1
    assert rounds(Study(frame, (), Artifacts(None))) is None
