"""Learning curves become a node for each training run, wherever the study asks for them; else nothing changes."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.cli import main
from compiler.graph import expand as expansion
from compiler.graph.expand import expand
from compiler.graph.node import Node
from compiler.graph.stops import guarded, guards
from compiler.project.load import load_project
from compiler.run import chunks as chunking
from compiler.run.chunks import chunks
from compiler.run.emit import emit
from compiler.why.blame import blame
from tests.compiler.built import Built
from tests.compiler.graph.test_pattern import OWN, SEEDS, content, written
from tests.compiler.published import planned, publish

LEARNING = "learning: {at: [0.25, 1.0], trials: 6}\n"


def with_curves(root: Path, more: str = "") -> Built:
    built = Built(root)
    built.edit("study.yaml", "level: 0.8\n", f"level: 0.8\n{LEARNING}{more}")
    return built


def fingerprints(built: Built) -> dict[str, str]:
    return {label: node.fingerprint for label, node in built.nodes().items()}


def curves(built: Built) -> list[Node]:
    return [node for node in built.nodes().values() if node.stage.name == "learning"]


def test_without_the_section_there_are_no_curves(tmp_path: Path) -> None:
    built = Built(tmp_path)
    nodes = built.nodes()
    assert not curves(built)
    assert nodes["report/study"].inputs["curves"] == ()
    assert nodes["policy/cellar/press/bold/0"].params["snapshots"] == []


def test_a_gap_is_explained_for_the_baseline_or_for_all(tmp_path: Path) -> None:
    before = fingerprints(Built(tmp_path / "a"))
    for of, approaches in (("baseline", ["baseline"]), ("all", ["baseline", "bold"])):
        built = Built(tmp_path / of)
        built.edit("study.yaml", "level: 0.8\n", f"level: 0.8\ngap_factors: {{trials: 4, orders: 2, of: {of}}}\n")
        nodes = built.nodes()
        found = [node for node in nodes.values() if node.stage.name == "gap_factors"]
        asked = [scope for node in found for scope in (node.scope, *node.aliases)]
        assert sorted({str(scope.approach) for scope in asked}) == approaches
        assert {scope.domain for scope in asked} == {"irl_proxy"}
        assert {str(n.params["trials"]) for n in found} == {"4"}
        assert set(nodes["report/study"].inputs["factors"]) == set(found)
        same = {label for label, address in fingerprints(built).items() if before.get(label) == address}
        assert before.keys() - same <= {"report/study"}, "only the report changes"


def test_the_only_approach_of_a_study_is_explained_without_a_baseline(tmp_path: Path) -> None:
    built = Built(tmp_path)
    built.edit("study.yaml", "[baseline, bold]", "[bold]")
    built.edit("study.yaml", "baseline: baseline\n", "gap_factors: {trials: 4, orders: 2}\n")
    assert sum(node.stage.name == "gap_factors" for node in built.nodes().values()) == 2, "one for each seed"


def test_each_training_run_has_one_whatever_the_domains(tmp_path: Path) -> None:
    before, built = fingerprints(Built(tmp_path / "a")), with_curves(tmp_path / "b")
    after = fingerprints(built)
    labels = [f"learning/cellar/press/{a}/{s}" for a in ("baseline", "bold") for s in (0, 1)]
    assert after.keys() - before.keys() == {"conditions/press", *labels}
    changed = {label.split("/")[0] for label in before if before[label] != after[label]}
    assert changed == {"policy", "evaluate", "uplift", "report"}
    nodes = built.nodes()
    assert [node.label for node in nodes["report/study"].inputs["curves"]] == labels
    node = nodes["learning/cellar/press/bold/1"]
    assert node.params == {"at": [0.25, 1.0], "trials": 6}
    assert node.inputs["policy"] == (nodes["policy/cellar/press/bold/1"],)
    assert {"learning/cellar/press/bold/1", "report/study"} <= {
        target.label for target in expand(load_project(built.root), "study").targets
    }


def test_trials_alone_leave_policies_as_they_are(tmp_path: Path) -> None:
    built = with_curves(tmp_path)
    before = fingerprints(built)
    built.edit("study.yaml", "trials: 6", "trials: 9")
    after = fingerprints(built)
    assert {label.split("/")[0] for label in before if before[label] != after[label]} == {"conditions", "learning", "report"}


def test_initial_states_are_those_of_the_other_trials(tmp_path: Path) -> None:
    built = with_curves(tmp_path, "stages: {conditions: {trial_seed: 7}}\n")
    found = [node.inputs["conditions"][0] for node in built.nodes().values() if "conditions" in node.inputs]
    assert {node.params["trial_seed"] for node in found} == {7}
    assert {node.label for node in found} == {"conditions/press", "conditions/press/twin", "conditions/press/irl_proxy"}


def test_the_twin_is_the_baselines_for_every_approach(tmp_path: Path) -> None:
    built = with_curves(tmp_path)
    built.edit("approaches/bold.yaml", "policy: {steps: 7}", "twin: {control_hz: 20}\n  policy: {steps: 7}")
    nodes = built.nodes()
    twins = {nodes[f"learning/cellar/press/{a}/0"].inputs["twin"][0].fingerprint for a in ("baseline", "bold")}
    assert len(twins) == 1


def test_a_value_is_traced_to_its_line(tmp_path: Path) -> None:
    built = with_curves(tmp_path)
    nodes, project = built.nodes(), load_project(tmp_path)
    for label, path, column in (
        ("learning/cellar/press/bold/0", ("trials",), 37),
        ("learning/cellar/press/bold/0", ("at", 1), 23),
        ("policy/cellar/press/bold/0", ("snapshots", 0), 17),
    ):
        span = blame(project, "study", nodes[label], path)
        assert span is not None
        assert (span.file, span.line, span.col) == ("specs/study.yaml", 11, column)


def test_why_names_the_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    built = with_curves(tmp_path)
    built.publish()
    built.edit("study.yaml", "trials: 6", "trials: 9")
    monkeypatch.chdir(tmp_path)
    assert main(["why", "learning/cellar/press/bold/0"]) == 0
    said = capsys.readouterr().out
    assert "6 -> 9" in said
    assert "study.yaml:11" in said


def test_plan_counts_costs_and_draws_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with_curves(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert main(["plan", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    found = [node for node in said["nodes"] if node["label"].startswith("learning/")]
    assert len(found) == 4
    assert {node["state"] for node in found} == {"build"}
    assert main(["graph", "--out", str(tmp_path / "graph.svg")]) == 0
    assert "learning" in (tmp_path / "graph.svg").read_text()


def test_more_checkpoints_declare_more_time(tmp_path: Path) -> None:
    built = with_curves(tmp_path)
    few = curves(built)[0].setting.resources.minutes
    built.edit("study.yaml", "[0.25, 1.0]", "[0.25, 0.5, 0.75, 1.0]")
    assert curves(built)[0].setting.resources.minutes > few


@settings(max_examples=15, deadline=None)
@given(places=st.lists(st.tuples(SEEDS, OWN), min_size=1, max_size=4))
def test_the_pattern_of_a_location_holds_its_curves(
    places: list[tuple[int, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = written(tmp_path_factory.mktemp("places"), places)
    study = root / "specs/study.yaml"
    study.write_text(study.read_text() + LEARNING)
    repeated = expand(load_project(root), "study")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(expansion, "record", lambda *_: None)
        alone = expand(load_project(root), "study")
    assert content(repeated) == content(alone)
    assert [t.address for t in repeated.targets] == [t.address for t in alone.targets]
    (report,) = [node for node in repeated.nodes.values() if node.stage.name == "report"]
    assert len(report.inputs["curves"]) == len(places) * 4


def test_many_of_them_share_jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunking, "MANY", 3)
    root = written(tmp_path, [(seed, "") for seed in range(6)])
    study = root / "specs/study.yaml"
    study.write_text(study.read_text() + LEARNING)
    project, plan = planned(root)
    parts = [part for part in chunks(plan) if part.address[0] == "learning"]
    assert sum(len(part.nodes) for part in parts) == 24
    assert len(parts) < 24
    emit(project, plan)


GATE = "title: G\nstage: {stage}\nmetric: {metric}\nscope: location\ncomparator: at_least\nthreshold: 22\non_fail: stop\n"


def test_a_stopped_place_has_no_curves(tmp_path: Path) -> None:
    built = with_curves(tmp_path, "gates: [sharp]\n")
    built.write("locations/attic.yaml", "title: Attic\nsource: {kind: hidden_site, seed: 2}\n")
    built.edit("study.yaml", "locations: [cellar]", "locations: [cellar, attic]")
    built.write("gates/sharp.yaml", GATE.format(stage="splat", metric="psnr"))
    project = load_project(tmp_path)
    for node in expand(project, "study").nodes.values():
        if node.stage.name in ("capture", "splat"):
            publish(project, node, metrics={"psnr": 25.0 if node.scope.location == "cellar" else 15.0})
    graph = expand(load_project(tmp_path), "study")
    report = next(target for target in graph.targets if target.stage.name == "report")
    assert [node.scope.location for node in report.inputs["curves"]] == ["cellar"] * 4
    assert {cell["location"] for cell in report.params["cells"]} == {"cellar"}


def test_a_gate_over_curves_stops_no_report(tmp_path: Path) -> None:
    built = with_curves(tmp_path, "gates: [learns]\n")
    built.write("gates/learns.yaml", GATE.format(stage="learning", metric="area"))
    project = load_project(tmp_path)
    graph = expand(project, "study")
    gate = next(node for node in graph.nodes.values() if node.stage.name == "gate")
    assert len(gate.inputs["judged"]) == 4
    assert guarded(graph, guards(project, graph)) == {}
