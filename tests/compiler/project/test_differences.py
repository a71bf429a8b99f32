"""How approaches differ: defaults, the study's own values, chains and wiring."""

import shlex
from pathlib import Path

import pytest

from compiler.cli import main
from compiler.laws.check import check
from compiler.laws.one_change import is_matched_control
from compiler.laws.subject import Subject
from compiler.project.differences import differences, stated
from compiler.project.load import load_project
from compiler.project.project import Project
from tests import REPOSITORY
from tests.errors.cases import base

ROW = "row: {available: true, no_new_real_data: true, no_teleoperation: true, stack_change: none}\n"


def project(root: Path, study: str = "", **approaches: str) -> Project:
    base().write(root)
    for name, text in approaches.items():
        (root / f"specs/approaches/{name}.yaml").write_text(f"title: {name}\n{text}{ROW}")
    path = root / "specs/study.yaml"
    path.write_text(path.read_text() + study)
    found = load_project(root)
    assert found.diagnostics == []
    return found


def names(found: Project, treated: str, base: str = "baseline") -> dict[str, tuple[object, object]]:
    return {d.name: (d.treated.value, d.base.value) for d in differences(found, "study", treated, base)}


def test_what_is_set_to_the_default_is_no_difference(tmp_path: Path) -> None:
    same = "stages:\n  policy: {steps: 800, camera_keys: [front], learning_rate: 3.0e-3}\n"
    same += "inputs:\n  policy: {demos: demos}\n"
    assert names(project(tmp_path, same=same), "same") == {}


def test_the_study_s_value_stands_where_no_approach_says_anything(tmp_path: Path) -> None:
    found = project(tmp_path, "stages:\n  policy: {steps: 300}\n", a="stages:\n  policy: {steps: 800}\n")
    assert names(found, "a") == {"policy.steps": (800, 300)}
    assert names(found, "bold") == {"policy.steps": (7, 300)}


def test_a_location_s_value_stands_there_too(tmp_path: Path) -> None:
    found = project(tmp_path, a="stages:\n  policy: {steps: 800}\n", cellar="stages:\n  policy: {jitter: 0.1}\n")
    assert names(found, "a") == {}
    path = tmp_path / "specs/locations/cellar.yaml"
    path.write_text(path.read_text() + "stages:\n  policy: {steps: 400, jitter: 0.3}\n")
    found = load_project(tmp_path)
    assert names(found, "a") == {"policy.steps": (800, 400)}
    assert names(found, "baseline", "a") == {"policy.steps": (400, 800)}
    assert names(found, "cellar") == {"policy.jitter": (0.1, 0.3)}


def test_wiring_offsets_and_chains(tmp_path: Path) -> None:
    inputs = "inputs:\n  policy: {demos: enrichment}\n  enrichment: {clips: coverage}\n"
    found = project(tmp_path, wired=f"extends: bold\ntraining_seed_offset: 5\n{inputs}")
    assert names(found, "wired") == {
        "enrichment.clips": ("coverage", None),
        "policy.demos": ("enrichment", "demos"),
        "policy.steps": (7, 800),
        "training_seed_offset": (5, 0),
    }
    assert names(found, "wired", "bold").keys() == names(found, "wired").keys() - {"policy.steps"}
    assert stated(found, "wired") == {("enrichment", "clips"), ("policy", "demos"), ("training_seed_offset",)}
    (steps,) = [d for d in differences(found, "study", "wired", "baseline") if d.name == "policy.steps"]
    assert (steps.treated.by, steps.treated.path) == ("bold", ("stages", "policy", "steps"))
    assert (steps.base.by, steps.budget, steps.spends_more) == (None, "steps", False)


def test_what_no_trial_of_the_study_reads_is_no_difference(tmp_path: Path) -> None:
    """A baseline's world model, where nothing is tried in one."""
    inputs = "inputs:\n  world_model: {demos: demos}\n"
    assert names(
        project(tmp_path, worldly=inputs, other=inputs + "  policy: {demos: enrichment}\n"), "bold", "worldly"
    ).keys() == {"policy.steps"}
    assert names(load_project(tmp_path), "other", "worldly").keys() == {"policy.demos"}


def test_only_more_of_a_number_is_more_but_any_other_capacity_may_be(tmp_path: Path) -> None:
    found = project(
        tmp_path,
        less="stages:\n  policy: {steps: 1}\n  demos: {episodes: 81}\n",
        wide="stages:\n  policy: {options: {width: 9}, jitter: 0.5}\n",
    )
    more = {d.name: d.spends_more for a in ("less", "wide") for d in differences(found, "study", a, "baseline")}
    assert more == {"demos.episodes": True, "policy.steps": False, "policy.options": True, "policy.jitter": False}


def test_a_control_has_the_budget_and_nothing_else(tmp_path: Path) -> None:
    found = project(
        tmp_path,
        treatment="extends: baseline\nstages:\n  policy: {steps: 1600, jitter: 0.1}\n",
        control="extends: baseline\ntraining_seed_offset: 9\nstages:\n  policy: {steps: 1600}\n",
        short="extends: baseline\nstages:\n  policy: {steps: 1599}\n",
        other="extends: baseline\nstages:\n  policy: {steps: 1600, shift_px: 1}\n",
    )
    subject = Subject(found)
    matched = [a for a in found.approaches if is_matched_control(subject, "study", a, "treatment", "baseline")]
    assert matched == ["control"]


def test_the_command_in_the_help_makes_the_control(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = 'extends: baseline\nstages:\n  policy: {steps: 1600, jitter: 0.1, options: {width: 9, "a b": "$(id)"}}\n'
    found = check(project(tmp_path, bold=changed))
    assert [d.code for d in found] == ["X433"]
    words = shlex.split(found[0].help.split("`")[1])
    assert words[:2] == ["simkiln", "new"]
    assert 'policy.options={"width": 9, "a b": "$(id)"}' in words
    monkeypatch.chdir(tmp_path)
    assert main(words[1:]) == 0
    assert check(load_project(tmp_path)) == []


def test_the_repository_s_approaches() -> None:
    own = load_project(REPOSITORY)
    assert names(own, "placebo") == {"training_seed_offset": (1000, 0)}
    assert names(own, "untrained") == {"policy.steps": (0, 800)}
    assert names(own, "enriched") == {"policy.demos": ("enrichment", "demos"), "enrichment.clips": ("coverage", None)}
