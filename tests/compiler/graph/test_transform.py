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


def test_what_a_gap_is_explained_by_sees_as_the_trials_do(tmp_path: Path) -> None:
    base().write(tmp_path)
    specs = tmp_path / "specs"
    aligned, study = specs / "approaches" / "aligned.yaml", specs / "study.yaml"
    aligned.write_text((REPOSITORY / "specs" / "approaches" / "aligned.yaml").read_text())
    text = study.read_text().replace("approaches: [baseline, bold]", "approaches: [baseline, aligned]")
    study.write_text(text + "gap_factors: {trials: 2, of: all}\nlearning: {at: [1.0], trials: 2}\n")

    def refused() -> list[str]:
        return [d.message for d in check(load_project(tmp_path), "study") if d.severity == "error"]

    assert refused() == []
    for stage, what in (("gap_factors", "the gap"), ("learning", "the learning curve")):
        whole = aligned.read_text()
        aligned.write_text(whole.replace(f"  {stage}: {{transform: align}}\n", ""))
        assert refused() == [f"{what} of `aligned` would be of nothing, but `align` is tried"]
        aligned.write_text(whole)
    aligned.write_text(aligned.read_text().replace("  evaluate: {transform: align}\n", ""))
    assert any("which its trials do without" in message for message in refused())
