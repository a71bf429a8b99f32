"""An approach that brings a checkpoint: nothing is trained for it, and its address follows the bytes of the folder."""

import json
from pathlib import Path

import pytest

from compiler.graph.expand import expand
from compiler.laws.check import check
from compiler.project.load import load_project
from tests.errors.cases import base

OURS = """title: Ours
extends: baseline
policy: {kind: lerobot, root: policies, path: act, cameras: {front: top}, units: degrees, fps: 10}
row: {available: true, no_new_real_data: true, no_teleoperation: true, stack_change: none}
"""
VISUAL, VECTOR = {"type": "VISUAL", "shape": [3, 48, 64]}, {"shape": [6]}
CONFIG = {
    "type": "act",
    "input_features": {"observation.images.top": VISUAL, "observation.state": {"type": "STATE", **VECTOR}},
    "output_features": {"action": {"type": "ACTION", **VECTOR}},
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    base().write(tmp_path)
    (tmp_path / "specs/approaches/ours.yaml").write_text(OURS)
    study = tmp_path / "specs/study.yaml"
    study.write_text(study.read_text().replace("approaches: [baseline, bold]", "approaches: [baseline, ours]"))
    (tmp_path / "simkiln.local.yaml").write_text("roots: {policies: policies}\n")
    folder = tmp_path / "policies/act"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(CONFIG))
    (folder / "model.safetensors").write_bytes(b"\2" + 7 * b"\0" + b"{}")
    for name in ("pre", "post"):
        (folder / f"policy_{name}processor.json").write_text('{"steps": []}')
    return tmp_path


def tried(root: Path) -> tuple[set[tuple[str, str]], set[str]]:
    """Policies that trials of `ours` try, and stages that are made for it alone."""
    project = load_project(root)
    assert [d.message for d in check(project, "study") if d.severity == "error"] == []
    nodes = [n for n in expand(project, "study").nodes.values() if n.askers == ("ours",) or n.scope.approach == "ours"]
    trials = [n for n in nodes if n.stage.role == "trials"]
    assert trials
    return {n.inputs["policy"][0].address for n in trials}, {n.stage.name for n in nodes}


def test_its_trials_try_the_checkpoint_and_follow_its_bytes(project: Path) -> None:
    (policy,), stages = tried(project)
    assert policy[0] == "checkpoint"
    assert "policy" not in stages
    (project / "policies/act/model.safetensors").write_bytes(b"\2" + 7 * b"\0" + b"{}" + b"\0")
    (other,), _ = tried(project)
    assert other != policy


def test_one_policy_for_all_seeds_is_told_and_known_to_uplift(project: Path) -> None:
    def found(*edits: tuple[str, str]) -> tuple[list[str], dict]:
        study = project / "specs/study.yaml"
        before = study.read_text()
        for old, new in edits:
            study.write_text(study.read_text().replace(old, new))
        loaded = load_project(project)
        codes = [d.code for d in check(loaded, "study") if d.code in ("X410", "X464") or d.severity == "error"]
        (uplift,) = [n for n in expand(loaded, "study").nodes.values() if n.stage.name == "uplift"]
        study.write_text(before)
        return codes, uplift.params

    codes, params = found()
    assert (codes, params["fixed_policies"]) == (["X464"], ["ours"])
    approaches = project / "specs/approaches"
    (approaches / "on.yaml").write_text(OURS.replace("extends: baseline", "extends: ours").replace("bold", "on"))
    (approaches / "tuned.yaml").write_text(
        "title: Tuned\nextends: ours\ninputs: {evaluate: {policy: practice}}\n" + OURS.splitlines()[-1]
    )
    listed = ("approaches: [baseline, ours]", "approaches: [on, ours]"), ("baseline: baseline", "baseline: ours")
    assert found(*listed, ("seeds: [0, 1]", "seeds: [0]"))[0] == ["X450"], "one policy twice; one seed will do"
    assert found(*listed[:1], ("on, ours", "tuned, baseline"))[1]["fixed_policies"] == [], "what is trained further is not"


def test_another_rate_is_refused_at_both_lines(project: Path) -> None:
    ours = project / "specs/approaches/ours.yaml"
    ours.write_text(OURS.replace("fps: 10", "fps: 30"))
    (found,) = [d for d in check(load_project(project), "study") if d.severity == "error"]
    assert (found.code, found.span.file, found.span.line) == ("X409", "specs/approaches/ours.yaml", 3)
    assert found.message == "`checkpoint` wants fps `30`, but `twin` offers `10`"


def test_what_its_json_says_in_wrong_types_is_told(project: Path) -> None:
    def codes(name: str, value: object) -> list[str]:
        path = project / "policies/act" / name
        before = path.read_text()
        path.write_text(json.dumps(value))
        found = [d.code for d in check(load_project(project), "study") if d.severity == "error"]
        path.write_text(before)
        return found

    action = {"action": {"type": "STATE", **VECTOR}}
    odd = [{"type": ["act"]}, {"chunk_size": "long"}, {"n_obs_steps": float("inf")}, {"output_features": action}]
    assert [codes("config.json", CONFIG | one) for one in odd] == [["R281"]] * len(odd)
    step = {"registry_name": "unnormalizer_processor", "config": {"features": 7, "norm_map": [1]}}
    (project / "policies/act/config.json").write_text(json.dumps(CONFIG | {"normalization_mapping": {"ACTION": "MEAN_STD"}}))
    assert codes("policy_postprocessor.json", {"steps": [step]}) == ["R284"]
