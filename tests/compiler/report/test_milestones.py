"""Milestones: what a day makes of them, and that no address depends on it."""

from datetime import date
from pathlib import Path

import pytest

from compiler.graph.expand import expand
from compiler.project.load import load_project
from compiler.report.milestones import MARKER, lines, milestones, with_milestones
from compiler.report.standing import Standing
from runtime.stats.status import Status
from tests.errors.cases import base

SAID = """
claims:
  alike: {kind: alike, approach: baseline, domain: twin, against: irl_proxy, margin: 60}
milestones:
  twin-alike: {title: 'The <twin> is like its place', due: 2026-03-15, claim: alike}
"""


def test_a_milestone_is_late_decided_or_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base().write(tmp_path)
    path = tmp_path / "specs" / "study.yaml"
    path.write_text(path.read_text() + SAID)
    project = load_project(tmp_path)
    graph = expand(project, "study")
    on = {day: milestones(project, graph, day)[0] for day in (date(2026, 3, 15), date(2026, 3, 16))}
    assert [row["state"] for row in on.values()] == ["open", "late"]
    assert lines([on[date(2026, 3, 16)]]) == [
        "milestone late: The <twin> is like its place (due 2026-03-15, claim `alike`: not run)"
    ]
    page = with_milestones(f"<p>{MARKER}</p>", list(on.values()))
    assert "The &lt;twin&gt; is like its place" in page
    assert with_milestones(MARKER, []) == MARKER
    for status, state in ((Status.FAILED, "decided"), (Status.PASSED, "decided"), (Status.UNDECIDED, "late")):
        found = [Standing("claim", "alike", status)]
        monkeypatch.setattr("compiler.report.milestones.standings", lambda project, graph, found=found: found)
        assert milestones(project, graph, date(2027, 1, 1))[0]["state"] == state

    path.write_text(path.read_text().replace("2026-03-15", "2031-01-01").replace("<twin>", "twin"))
    assert set(expand(load_project(tmp_path), "study").nodes) == set(graph.nodes)
