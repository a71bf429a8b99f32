"""Claims become nodes, studies without them stay as they are, and reports say where a claim is written."""

from datetime import date
from pathlib import Path

from compiler.laws.check import check
from compiler.project.load import load_project
from compiler.report.publish import labels
from compiler.why.blame import blame
from tests.compiler.built import Built

CLAIMS = """claims:
  same: {kind: equivalent, approach: bold, domain: twin, margin: 90}
  best: {kind: ordered, order: [bold, baseline], domain: irl_proxy}
"""


def with_claims(root: Path, more: str = "") -> Built:
    built = Built(root)
    built.edit("study.yaml", "level: 0.8\n", f"level: 0.8\n{CLAIMS}{more}")
    return built


def test_claims_add_their_own_nodes_and_change_only_the_report(tmp_path: Path) -> None:
    before = {label: node.fingerprint for label, node in Built(tmp_path / "a").nodes().items()}
    after = {label: node.fingerprint for label, node in with_claims(tmp_path / "b").nodes().items()}
    assert after.keys() - before.keys() == {"claim/same/study", "claim/best/study"}
    assert {label for label in before if before[label] != after[label]} == {"report/study"}


def test_changing_one_claim_rebuilds_that_claim(tmp_path: Path) -> None:
    built = with_claims(tmp_path)
    before = {label: node.fingerprint for label, node in built.nodes().items()}
    built.edit("study.yaml", "margin: 90", "margin: 80")
    after = {label: node.fingerprint for label, node in built.nodes().items()}
    assert {label for label in before if before[label] != after[label]} == {"claim/same/study", "report/study"}


def test_a_waiver_changes_the_report_alone(tmp_path: Path) -> None:
    before = {label: node.fingerprint for label, node in with_claims(tmp_path / "a").nodes().items()}
    waiver = "waivers: {claims: {same: {reason: it is known to be so, owner: Ada, until: 2999-01-01}}}\n"
    after = {label: node.fingerprint for label, node in with_claims(tmp_path / "b", waiver).nodes().items()}
    assert {label for label in before if before[label] != after[label]} == {"report/study"}


def test_a_claim_is_traced_to_its_line(tmp_path: Path) -> None:
    project = load_project(with_claims(tmp_path).root)
    nodes = with_claims(tmp_path / "again").nodes()
    span = blame(project, "study", nodes["claim/same/study"], ("claim", "margin"))
    assert span is not None
    assert (span.file, span.line) == ("specs/study.yaml", 12)
    shown = labels(project, "study")["claim:best"]
    assert (shown["file"], shown["line"]) == ("specs/study.yaml", 13)


def test_a_waiver_holds_through_its_last_day(tmp_path: Path) -> None:
    waiver = "waivers: {claims: {same: {reason: it is known to be so, owner: Ada, until: 2027-01-31}}}\n"
    project = load_project(with_claims(tmp_path, waiver).root)
    codes = [[d.code for d in check(project, today=date(2027, *day)) if d.code == "X442"] for day in ((1, 31), (2, 1))]
    assert codes == [[], ["X442"]]
