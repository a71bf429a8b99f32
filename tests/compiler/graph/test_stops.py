"""Gates that stop: what depends on a failed artifact is not planned, nothing else changes."""

from pathlib import Path

import pytest

from compiler.cli import main
from compiler.graph.expand import expand
from compiler.graph.graph import Graph
from compiler.graph.stops import guarded, guards
from compiler.project.load import load_project
from compiler.report.standing import standings, stopping
from compiler.run.emit import emit
from compiler.run.workflow import unexplained
from runtime.build.guard import Stopped, ask
from runtime.job import Job
from runtime.store.store import Store
from tests.compiler.built import Built
from tests.compiler.published import planned, publish

GATE = "title: Sharp\nstage: splat\nmetric: psnr\nscope: {scope}\ncomparator: at_least\nthreshold: 22\non_fail: {act}\n"
ATTIC = "title: Attic\nsource: {kind: hidden_site, seed: 2}\n"


def study(root: Path, scope: str = "location", act: str = "stop", more: str = "") -> Built:
    built = Built(root)
    built.write("locations/attic.yaml", ATTIC)
    built.edit("study.yaml", "locations: [cellar]", "locations: [cellar, attic]")
    built.edit("study.yaml", "level: 0.8\n", f"level: 0.8\ngates: [sharp]\n{more}")
    built.write("gates/sharp.yaml", GATE.format(scope=scope, act=act))
    return built


def measured(built: Built, cellar: float = 25.0, attic: float = 15.0) -> Graph:
    """Splats with these figures in the store; then the study as it is expanded again."""
    project = load_project(built.root)
    for node in expand(project, "study").nodes.values():
        if node.stage.name in ("capture", "splat"):
            publish(project, node, metrics={"psnr": cellar if node.scope.location == "cellar" else attic})
    return expand(load_project(built.root), "study")


def reached(graph: Graph) -> set[str]:
    """Labels of all that targets need."""
    waiting, found = list(graph.targets), {}
    while waiting:
        node = waiting.pop()
        if node.address not in found:
            found[node.address] = node.label
            waiting.extend(node.parents())
    return set(found.values())


def test_only_what_depends_on_the_failed_splat_is_left_out(tmp_path: Path) -> None:
    built = study(tmp_path)
    before = reached(expand(load_project(tmp_path), "study"))
    after = reached(measured(built))
    lost = before - after
    assert {label.split("/")[1] for label in lost} == {"attic"}
    assert {label.split("/")[0] for label in lost} == {"twin", "coverage", "demos", "policy", "evaluate"}
    assert {"capture/attic", "splat/attic", "gate/sharp/study", "report/study"} <= after


def test_the_gate_judges_the_failed_splat_too(tmp_path: Path) -> None:
    graph = measured(study(tmp_path))
    gate = next(node for node in graph.nodes.values() if node.label == "gate/sharp/study")
    assert gate.params["labels"] == ["cellar", "attic"]


def test_fingerprints_of_what_goes_on_stay(tmp_path: Path) -> None:
    before = {a for a in expand(load_project(study(tmp_path / "a", act="warn").root), "study").nodes}
    after = measured(study(tmp_path / "b"))
    assert {a for a in after.nodes if a[0] not in ("uplift", "report", "gate")} <= before


@pytest.mark.parametrize(("act", "places"), [("stop", ["cellar", "attic"]), ("skip_downstream", ["cellar"])])
def test_what_was_skipped_is_not_planned_and_what_was_stopped_is_not_run(tmp_path: Path, act: str, places: list[str]) -> None:
    graph = measured(study(tmp_path, act=act))
    uplift = next(node for node in graph.nodes.values() if node.label == "uplift/study" and node.address in _needed(graph))
    assert uplift.params["study"]["locations"] == places
    assert {cell["location"] for cell in uplift.params["cells"]} == {"cellar"}


def _needed(graph: Graph) -> set[tuple[str, str]]:
    report = next(node for node in graph.targets if node.stage.name == "report")
    return {parent.address for parent in report.parents()}


def test_a_study_wide_gate_stops_everything_downstream(tmp_path: Path) -> None:
    graph = measured(study(tmp_path, scope="study"))
    assert {label.split("/")[0] for label in reached(graph)} == {"capture", "splat", "gate"}


@pytest.mark.parametrize(
    ("act", "attic", "more"),
    [
        ("warn", 15.0, ""),
        ("stop", 22.0, ""),
        ("stop", 15.0, "waivers: {gates: {sharp: {reason: the lens was dirty, owner: Ada, until: 2999-01-01}}}\n"),
    ],
)
def test_nothing_is_stopped_by_a_warning_a_pass_or_a_waived_failure(tmp_path: Path, act: str, attic: float, more: str) -> None:
    graph = measured(study(tmp_path, act=act, more=more), attic=attic)
    assert graph.stopped is None
    assert "report/study" in reached(graph)


def test_jobs_hold_guards_and_end_without_an_artifact(tmp_path: Path) -> None:
    built = study(tmp_path)
    project, plan = planned(tmp_path)
    emit(project, plan)
    held = guarded(plan.graph, guards(project, plan.graph))
    assert {plan.graph.nodes[a].stage.name for a in held} == set("twin coverage demos policy evaluate uplift report".split())
    measured(built)
    store = Store(project.store)
    for node in plan.graph.nodes.values():
        if node.stage.name in ("twin", "gate"):
            job = Job.read(tmp_path / "build" / "jobs", *node.address)
            if node.scope.location == "attic":
                with pytest.raises(Stopped, match="stopped by gate `sharp`: `psnr` is 15, wanted at least 22"):
                    ask(job.guards, store)
            else:
                ask(job.guards, store)


def test_plan_and_why_name_the_gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    measured(study(tmp_path))
    monkeypatch.chdir(tmp_path)
    said = "stopped by gate `sharp`: `psnr` is 15, wanted at least 22"
    assert main(["plan"]) == 0
    assert f"{said}; not run at attic" in capsys.readouterr().out
    assert main(["why", "twin/attic/press"]) == 0
    assert f"not run: {said}" in capsys.readouterr().out
    assert main(["why", "twin/cellar/press"]) == 0
    assert "stopped" not in capsys.readouterr().out


def test_a_run_that_was_stopped_lacks_nothing_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    built = study(tmp_path)
    planned_before = list(expand(load_project(tmp_path), "study").nodes)
    measured(built)
    project, plan = planned(tmp_path)
    missing = [a for a in planned_before if a[0] not in ("capture", "splat")]
    left = {plan.graph.nodes[a].label for a in unexplained(plan, missing)}
    assert {label.split("/")[1] for label in left} == {"cellar", "press", "sharp"}  # conditions are of no location
    assert "stopped by gate `sharp`" in capsys.readouterr().err
    for node in plan.build():
        publish(project, node)
    _, after = planned(tmp_path)
    assert unexplained(after, missing) == []


LEARNT = (
    "title: Learnt\nstage: policy\nmetric: final_loss\napproach: {who}\nscope: {scope}\ncomparator: at_most\n"
    "threshold: 1\non_fail: {act}\n"
)


def looked_at(root: Path, who: str, scope: str = "artifact", act: str = "stop", locations: str = "[cellar]") -> Built:
    """Three approaches, three looks in the twin; a gate holds the losses of one approach's policies."""
    built = Built(root)
    built.write("locations/attic.yaml", ATTIC)
    built.write("approaches/third.yaml", (root / "specs/approaches/bold.yaml").read_text().replace("7", "8"))
    built.edit("study.yaml", "[baseline, bold]", "[baseline, bold, third]")
    built.edit("study.yaml", "[cellar]", locations)
    looks = "level: 0.8\ngates: [learnt]\nsequential: {looks: 3, domains: [twin]}\n"
    built.edit("study.yaml", "level: 0.8\n", looks)
    built.write("gates/learnt.yaml", LEARNT.format(who=who, scope=scope, act=act))
    return built


def lost(built: Built, poor: str = "", stages: tuple[str, ...] = ("policy",)) -> Graph:
    """Artifacts of these stages in the store, with a loss over the gate's limit where the label holds `poor`."""
    project = load_project(built.root)
    for node in expand(project, "study").nodes.values():
        if node.stage.name in ("capture", "splat", "twin", "demos", *stages):
            publish(project, node, metrics={"final_loss": 2.0 if poor in node.label else 0.5})
    return expand(load_project(built.root), "study")


def assert_whole(graph: Graph) -> None:
    """What is built reads nothing that was stopped, and every table is told what its parents stand for."""
    assert graph.stopped is not None
    needed = reached(graph)
    nodes = [node for node in graph.nodes.values() if node.label in needed and node.address not in graph.stopped.nodes]
    for node in nodes:
        assert not any(parent.address in graph.stopped.nodes for parent in node.parents()), node.label
        if node.stage.name == "interim":
            ran = [f"{one.scope.approach}/{one.scope.seed}" for one in node.inputs["trials"]]
            assert node.params["peers"] == ran
            assert ran
    uplift = next(node for node in nodes if node.stage.name == "uplift")
    assert sum(uplift.params["parts"]) == len(uplift.inputs["trials"])
    assert len(uplift.params["cells"]) == len(uplift.params["parts"])
    places = [(x["location"], x["task"], x["domain"], str(x["look"])) for x in uplift.params["interim_places"]]
    assert [tuple(one.scope.names().values()) for one in uplift.inputs["looks"]] == places


@pytest.mark.parametrize(
    ("who", "scope", "act"),
    [
        ("bold", "artifact", "stop"),
        ("bold", "study", "skip_downstream"),
        ("baseline", "location", "stop"),
        ("baseline", "artifact", "skip_downstream"),
    ],
)
def test_looks_go_on_without_an_approach_that_was_stopped(tmp_path: Path, who: str, scope: str, act: str) -> None:
    built = looked_at(tmp_path, who, scope, act)
    before = reached(expand(load_project(tmp_path), "study"))
    graph = lost(built)
    assert_whole(graph)
    after = reached(graph)
    assert {label.split("/")[3] for label in before - after} == {who}
    assert {label.split("/")[0] for label in before - after} == {"evaluate"}
    assert {f"evaluate/cellar/press/third/1/twin/{look}" for look in (1, 2, 3)} <= after
    uplift = next(n for n in graph.nodes.values() if n.stage.name == "uplift" and n.address in _needed(graph))
    assert uplift.params["study"]["locations"] == ["cellar"]


def test_a_place_where_one_policy_was_stopped_leaves_the_others_alone(tmp_path: Path) -> None:
    built = looked_at(tmp_path, "bold", locations="[cellar, attic]")
    before = expand(load_project(tmp_path), "study")
    graph = lost(built, "attic/press/bold/0")
    assert_whole(graph)
    gone = reached(before) - reached(graph)
    assert {label.rsplit("/", 1)[0] for label in gone if label.count("/") == 6} == {"evaluate/attic/press/bold/0/twin"}
    assert len(gone) == 4
    cellar = {n.address for n in before.nodes.values() if n.scope.location == "cellar"}
    assert cellar == {n.address for n in graph.nodes.values() if n.scope.location == "cellar"}


def test_no_look_is_taken_where_every_policy_of_a_task_was_stopped(tmp_path: Path) -> None:
    built = looked_at(tmp_path, "bold")
    built.edit("gates/learnt.yaml", "approach: bold\n", "")
    built.write("tasks/pull.yaml", (tmp_path / "specs/tasks/press.yaml").read_text().replace("press the", "hit the"))
    built.edit("study.yaml", "[press]", "[press, pull]")
    graph = lost(built, "/pull/")
    assert_whole(graph)
    assert {label for label in reached(graph) if "interim" in label} == {
        "interim/cellar/press/twin/1",
        "interim/cellar/press/twin/2",
    }


def test_a_gate_over_batches_of_trials_stops_no_later_batch(tmp_path: Path) -> None:
    built = looked_at(tmp_path, "bold")
    built.edit("gates/learnt.yaml", "stage: policy", "stage: evaluate")
    before = reached(expand(load_project(tmp_path), "study"))
    graph = lost(built, stages=("policy", "evaluate"))
    assert graph.stopped is None
    assert reached(graph) == before


def test_gates_of_one_rule_share_a_verdict(tmp_path: Path) -> None:
    built = study(tmp_path)
    built.edit("study.yaml", "gates: [sharp]", "gates: [sharp, again]")
    built.write("gates/again.yaml", GATE.format(scope="location", act="warn"))
    project = load_project(tmp_path)
    gate = next(n for n in expand(project, "study").nodes.values() if n.stage.name == "gate")
    publish(project, gate, metrics={"status": "passed"})
    found = standings(project, expand(project, "study"))
    assert [(one.id, one.status) for one in found] == [("sharp", "passed"), ("again", "passed")]


def test_status_counts_what_is_in_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    built = study(tmp_path, act="stop")
    monkeypatch.chdir(tmp_path)
    assert main(["status"]) == 4
    first, count, last = capsys.readouterr().out.splitlines()
    assert (first, last) == ("not run    gate sharp", "study study: not run")
    assert count.endswith("not built yet: simkiln run study")
    project = load_project(tmp_path)
    gate = next(n for n in expand(project, "study").nodes.values() if n.stage.name == "gate")
    publish(project, gate, metrics={"status": "failed"})
    assert main(["status"]) == 1
    assert stopping(standings(project, expand(project, "study"))) == ["sharp"]
    waiver = "waivers: {gates: {sharp: {reason: the lens was dirty, owner: Ada, until: 2999-01-01}}}\n"
    built.edit("study.yaml", "gates: [sharp]\n", f"gates: [sharp]\n{waiver}")
    capsys.readouterr()
    assert main(["status"]) == 4  # what was judged is waived, and the rest has not run
    assert "failed     gate sharp  waived by Ada until 2999-01-01: the lens was dirty" in capsys.readouterr().out
    for node in expand(load_project(tmp_path), "study").nodes.values():
        if node.address != gate.address:
            publish(project, node)
    assert main(["status"]) == 3
    assert "not built" not in capsys.readouterr().out
    project = load_project(tmp_path)
    assert stopping(standings(project, expand(project, "study"))) == []
