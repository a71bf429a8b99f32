"""What interim looks make of a study's graph."""

from pathlib import Path

import pytest

from compiler.cli import main
from compiler.graph.expand import expand
from compiler.graph.graph import Graph
from compiler.graph.node import Node
from compiler.laws.check import check
from compiler.plan.study import open_project, plan_study
from compiler.project.load import load_project
from compiler.run.chunks import chunks
from tests.errors.cases import base

LOOKS = "sequential: {looks: 3, domains: [twin]}\n"


def graph_of(root: Path, places: tuple[str, ...] = ("cellar",), more: str = LOOKS) -> Graph:
    base().write(root)
    for i, name in enumerate(places):
        (root / f"specs/locations/{name}.yaml").write_text(f"title: A\nsource: {{kind: hidden_site, seed: {i}}}\n")
    study = root / "specs/study.yaml"
    study.write_text(study.read_text().replace("[cellar]", f"[{', '.join(places)}]") + more)
    return expand(load_project(root), "study")


def only(graph: Graph, name: str) -> Node:
    (node,) = graph.find(name)
    return node


def test_a_batch_needs_the_look_before_it_and_that_the_batches_before(tmp_path: Path) -> None:
    graph = graph_of(tmp_path)
    last = only(graph, "evaluate/cellar/press/bold/1/twin/3")
    (look,) = last.inputs["before"]
    assert look.label == "interim/cellar/press/twin/2"
    assert len(look.inputs["trials"]) == 2 * 2 * 2
    assert look.params["peers"] == [f"{a}/{s}" for a in ("baseline", "bold") for s in (0, 1) for _ in range(2)]
    first = only(graph, "evaluate/cellar/press/bold/1/twin/1")
    assert "before" not in first.inputs
    assert (first.params["arm"], last.params["arm"]) == ("", "bold")
    assert "evaluate/cellar/press/bold/1/irl_proxy" in {node.label for node in graph.nodes.values()}
    uplift = only(graph, "uplift/study")
    assert uplift.params["parts"] == [3, 1] * 4
    assert len(uplift.inputs["trials"]) == 16
    assert len(uplift.inputs["looks"]) == len(uplift.params["interim_places"]) == 2


def test_a_location_that_joins_changes_no_other_one_s_trials(tmp_path: Path) -> None:
    one = graph_of(tmp_path / "one")
    two = graph_of(tmp_path / "two", ("cellar", "attic"))
    trials = {a for a in one.nodes if a[0] in ("evaluate", "interim")}
    assert trials <= two.nodes.keys()
    assert len([a for a in two.nodes if a[0] == "interim"]) == 4


def test_without_looks_nothing_is_looked_at(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, more="")
    assert not graph.find("interim")
    uplift = only(graph, "uplift/study")
    assert (uplift.params["parts"], uplift.params["schedules"], uplift.inputs["looks"]) == ([], {}, ())


def test_no_chunk_holds_a_batch_and_what_it_waits_for(tmp_path: Path) -> None:
    graph_of(tmp_path, tuple(f"place-{i}" for i in range(20)))
    plan = plan_study(open_project(tmp_path), "study")
    made = [part for part in chunks(plan) if part.nodes[0].stage.name == "evaluate"]
    assert max(len(part.nodes) for part in made) > 1, "there are chunks"
    for part in made:
        inside = {node.address for node in part.nodes}
        for node in part.nodes:
            waiting, seen = list(node.parents()), set()
            while waiting:
                parent = waiting.pop()
                if parent.address not in seen:
                    seen.add(parent.address)
                    waiting += parent.parents()
            assert not inside & seen


def test_the_plan_says_what_looks_may_spare(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    graph_of(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert main(["plan"]) == 0
    line = "interim looks may leave out up to 8 of 12 batches of trials; the estimate counts them all"
    assert line in capsys.readouterr().out.splitlines()


def test_without_looks_the_plan_says_nothing_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    graph_of(tmp_path, more="")
    monkeypatch.chdir(tmp_path)
    assert main(["plan"]) == 0
    assert "interim looks" not in capsys.readouterr().out


def test_show_names_the_line_that_asks_for_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    graph_of(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert main(["show", "evaluate/cellar/press/bold/1/twin/3"]) == 0
    said = {line.split()[0]: line.split()[-1] for line in capsys.readouterr().out.splitlines() if "study.yaml" in line}
    at = {name: said[name] for name in ("schedule", "look", "arm")}
    assert at == {"schedule": "specs/study.yaml:12:13", "look": "specs/study.yaml:12:13", "arm": "specs/study.yaml:4:13"}


def test_two_approaches_do_not_differ_in_what_they_are_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    graph_of(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert main(["diff", "baseline", "bold"]) == 0
    said = capsys.readouterr().out
    assert "policy.steps" in said
    assert "evaluate.arm" not in said


def test_more_trials_at_the_most_may_decide_what_the_planned_ones_cannot(tmp_path: Path) -> None:
    gate = "title: Sure\nmetric: success_rate\napproach: bold\ndomain: twin\ncomparator: at_least\nthreshold: 92\n"
    for most, codes in (("", ["X420"]), (", max_trials: 1000", [])):
        root = tmp_path / f"most{len(most)}"
        base().write(root)
        (root / "specs/gates").mkdir(exist_ok=True)
        (root / "specs/gates/sure.yaml").write_text(gate)
        study = root / "specs/study.yaml"
        study.write_text(study.read_text() + f"gates: [sure]\nsequential: {{looks: 2{most}}}\n")
        assert [one.code for one in check(load_project(root)) if one.severity == "error"] == codes
