"""An approach that only brings an input transform has the baseline's policies, and trials of its own."""

from pathlib import Path

from compiler.graph.expand import expand
from compiler.laws.check import check
from compiler.project.load import load_project
from tests import REPOSITORY
from tests.errors.cases import base


def test_the_policies_are_the_baselines_own(tmp_path: Path) -> None:
    base().write(tmp_path)
    specs = tmp_path / "specs"
    (specs / "approaches" / "aligned.yaml").write_text((REPOSITORY / "specs" / "approaches" / "aligned.yaml").read_text())
    study = specs / "study.yaml"
    study.write_text(study.read_text().replace("approaches: [baseline, bold]", "approaches: [baseline, aligned]"))
    project = load_project(tmp_path)
    assert [d.message for d in check(project, "study") if d.severity == "error"] == []
    trials = [node for node in expand(project, "study").nodes.values() if node.stage.role == "trials"]
    ours, theirs = ([n for n in trials if n.scope.approach == name] for name in ("aligned", "baseline"))
    assert len(ours) == len(theirs) > 0
    assert {n.inputs["policy"][0].address for n in ours} == {n.inputs["policy"][0].address for n in theirs}
    assert not {n.address for n in ours} & {n.address for n in theirs}
    assert len({n.inputs["transform"][0].address for n in ours}) == 1
    assert not any("transform" in n.inputs for n in theirs)
