"""Hard negatives stand guarded in every study that has them: each guard stops what depends on what it refuses."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from compiler.graph.expand import expand
from compiler.laws.check import check
from compiler.project.load import load_project
from tests import REPOSITORY
from tests.compiler.built import Built
from tests.compiler.graph.test_stops import reached
from tests.compiler.published import publish

FINE = {"hard_share": 0.4, "non_hard": 12, "auc": 0.93, "stuck": 0.1, "rolled_back": 0}
ARMS = {"hard-negatives", *(f"hard-negatives~{c}" for c in ("random-failures", "successes-only", "world-stays", "plain-looks"))}


def study(root: Path) -> Built:
    """One place with the approach and its controls, in the twin."""
    built = Built(root)
    for name in ("in-world", "hard-negatives"):
        spec = yaml.safe_load((REPOSITORY / f"specs/approaches/{name}.yaml").read_text())
        built.write(f"approaches/{name}.yaml", yaml.safe_dump(spec | ({"inputs": {}} if name == "in-world" else {})))
    built.edit("study.yaml", "approaches: [baseline, bold]", "approaches: [in-world, hard-negatives]")
    built.edit("study.yaml", "baseline: baseline", "baseline: in-world")
    built.edit("study.yaml", "irl_proxy: 10", "world_model: 10")
    built.edit("study.yaml", "standing_gates: false\n", "")
    return built


def tried(root: Path, approach: str = "", **wrong: Any) -> set[str]:
    """Approaches that are still tried once judges and mines have said this; of one approach alone where one is named."""
    project = load_project(root)
    for node in expand(project, "study").nodes.values():
        if node.stage.name in ("judge", "mine", "refine_world"):
            mine = not approach or node.scope.approach == approach
            publish(project, node, metrics=FINE | (wrong if mine else {}))
    graph = expand(load_project(root), "study")
    return {label.split("/")[3] for label in reached(graph) if label.startswith("evaluate/")}


def test_the_loop_is_fine_and_guarded_without_a_word(tmp_path: Path) -> None:
    project = load_project(study(tmp_path).root)
    assert [d.code for d in check(project, "study") if d.severity == "error"] == []
    gates = [g for g in project.studies["study"].gates if project.gates[g].stage in ("judge", "mine", "refine_world")]
    assert sorted(gates) == ["standing-drift", "standing-judge", "standing-judge-range", "standing-mix", "standing-mix-rest"]
    assert tried(tmp_path) >= ARMS


@pytest.mark.parametrize("wrong", [{"auc": 0.6}, {"stuck": 0.9}], ids=["cannot tell", "at its floor"])
def test_a_judge_that_is_no_good_stops_all_that_was_mined_by_it(tmp_path: Path, wrong: dict[str, Any]) -> None:
    study(tmp_path)
    assert tried(tmp_path, **wrong) == {"in-world"}


@pytest.mark.parametrize(("agreeing", "left"), [(0.1, set()), (0.9, ARMS)])
def test_a_judge_whose_words_are_not_its_scores_stops_it_where_a_study_asks(
    tmp_path: Path, agreeing: float, left: set[str]
) -> None:
    built = study(tmp_path)
    built.write("gates/judge-words.yaml", (REPOSITORY / "specs/gates/judge-words.yaml").read_text())
    built.edit("study.yaml", "targets: [coverage]", "targets: [coverage]\ngates: [judge-words]")
    assert tried(tmp_path, text_against_score=agreeing) == {"in-world", *left}


@pytest.mark.parametrize("wrong", [{"hard_share": 80 / 81}, {"non_hard": 1}])
def test_a_degenerate_mix_stops_its_own_arm(tmp_path: Path, wrong: dict[str, Any]) -> None:
    study(tmp_path)
    assert tried(tmp_path, "hard-negatives~random-failures", **wrong) == {"in-world", *ARMS} - {"hard-negatives~random-failures"}


def test_drift_is_told_and_stops_nothing_since_the_round_was_rolled_back(tmp_path: Path) -> None:
    study(tmp_path)
    assert tried(tmp_path, rolled_back=1) >= ARMS
