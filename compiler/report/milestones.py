"""Milestones of a study: late, decided or open, as of a day; filled in when a plan or a report is shown, part of no artifact."""

import html
from collections.abc import Sequence
from datetime import date

from compiler.graph.graph import Graph
from compiler.project.project import Project
from compiler.report.standing import standings
from runtime.report.forms.report import MilestoneRow
from runtime.stats.status import Status

MARKER = "<!--simkiln:milestones-->"
DECIDED = (Status.PASSED, Status.FAILED)


def milestones(project: Project, graph: Graph, today: date) -> list[MilestoneRow]:
    """Each milestone of the study by its due day: `decided` where its gate or claim passed or failed, else `late` after that day,
    else `open`."""
    study = project.studies[graph.study]
    found = {(one.kind, one.id): one.status for one in standings(project, graph)} if study.milestones else {}
    rows: list[MilestoneRow] = []
    for name, said in sorted(study.milestones.items(), key=lambda item: (item[1].due, item[0])):
        kind, judge = said.decided_by
        status = found.get((kind, judge), Status.NOT_RUN)
        state = "decided" if status in DECIDED else "late" if said.due < today else "open"
        rows.append(
            {
                "id": name,
                "title": said.title or name,
                "due": str(said.due),
                "kind": kind,
                "by": judge,
                "state": state,
                "status": status.value,
            }
        )
    return rows


def lines(rows: Sequence[MilestoneRow]) -> list[str]:
    """A line for each milestone, as `simkiln plan` says it."""
    return [
        f"milestone {row['state']}: {row['title']} (due {row['due']}, {row['kind']} `{row['by']}`: {row['status']})"
        for row in rows
    ]


def with_milestones(page: str, rows: Sequence[MilestoneRow]) -> str:
    """The page with a table in place of its marker; everything is escaped."""
    if not rows:
        return page
    body = "".join(
        f"<tr><td>{row['state']}</td><td>{html.escape(row['title'])}</td><td>{row['due']}</td>"
        f"<td>{row['kind']} <code>{html.escape(row['by'])}</code></td><td>{html.escape(row['status'])}</td></tr>"
        for row in rows
    )
    head = "<th>State</th><th>Milestone</th><th>Due</th><th>Decided by</th><th>Stands</th>"
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return page.replace(
        MARKER, f'<div id="milestones"><h3>Milestones</h3><div class="scroll" tabindex="0">{table}</div></div>', 1
    )
