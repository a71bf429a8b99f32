"""One study may collect real data: everything else keeps its address, and the plan counts what is recorded."""

from pathlib import Path

from compiler.graph.expand import expand
from compiler.graph.graph import Graph
from compiler.laws.check import check
from compiler.plan.plan import make_plan
from compiler.plan.summary import development_line
from compiler.project.load import load_project
from tests.errors.cases import base


def graph_of(root: Path) -> Graph:
    project = load_project(root)
    assert [d.message for d in check(project, "study") if d.severity == "error"] == []
    return expand(project, "study")


def test_a_study_that_permits_real_data_changes_nothing_but_what_reads_it(tmp_path: Path) -> None:
    base().write(tmp_path)
    before = graph_of(tmp_path)
    assert not [line for line in development_line(make_plan(before, {})) if "real" in line]

    path = tmp_path / "specs" / "study.yaml"
    path.write_text(path.read_text().replace("no_new_real_data: true, no_teleoperation: true", "no_new_real_data: false"))
    assert set(graph_of(tmp_path).nodes) == set(before.nodes)

    bold = tmp_path / "specs" / "approaches" / "bold.yaml"
    wired = "inputs: {policy: {demos: site_demos}, site_demos: {twin: align_twin}}\n"
    bold.write_text(bold.read_text().replace("no_new_real_data: true", "no_new_real_data: false") + wired)
    after = graph_of(tmp_path)
    mine = {"baseline", None}
    kept = {
        n.address
        for n in before.nodes.values()
        if n.scope.approach in mine and n.stage.role not in ("evidence", "report", "gate")
    }
    assert kept <= set(after.nodes)
    assert {n.stage.name for n in after.nodes.values()} - {n.stage.name for n in before.nodes.values()} == {
        "site_demos",
        "align_twin",
    }
    assert development_line(make_plan(after, {}))[-1] == "new real data: 84 episodes, 80 of them steered by people"
