"""Put a study's report where people look for it, with the titles and spec lines of today.

Titles and line numbers are not part of any address (editing one rebuilds nothing), so they are filled in here.
"""

import json
import os
import sys
from pathlib import Path

from compiler.graph.graph import Graph
from compiler.laws.subject import utc_day
from compiler.project.project import Project
from compiler.report.milestones import milestones, with_milestones
from runtime.problem import InputError, Problem
from runtime.report.forms.report import Label, Report
from runtime.report.labels import apply_labels
from runtime.store.store import Store

KINDS = ("study", "location", "task", "approach", "gate")


def present(project: Project, graph: Graph) -> Path | None:
    """Write `build/report/STUDY.html` and return it; None when the study's report is not in the store.

    Beside it stand `STUDY.json`, the same as data, and `STUDY.md`, a summary for pull requests.
    """
    try:
        folder, said = _built(project, graph)
        html = (folder / "report.html").read_text(encoding="utf-8")
    except (LookupError, OSError, ValueError):
        return None  # absent or damaged; `simkiln verify` says so and has it built again
    from compiler.report.brief import render_brief  # 40 ms, and with nothing built there is nothing to say

    said["labels"] = names = labels(project, graph.study)
    if due := milestones(project, graph, utc_day()):
        said["milestones"] = due
    target = project.root / "build" / "report" / f"{graph.study}.html"
    target.parent.mkdir(parents=True, exist_ok=True)
    texts = {
        ".json": json.dumps(said, indent=1) + "\n",
        ".md": render_brief(said),
        ".html": with_milestones(apply_labels(html, names), due),
    }
    for suffix, text in texts.items():
        temporary = target.with_suffix(f"{suffix}.{os.urandom(4).hex()}.tmp")  # a name that nobody can put a link at
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(target.with_suffix(suffix))
    return target


def built_report(project: Project, graph: Graph) -> Report | None:
    """`report.json` of the planned report; None when it is not in the store.

    Raises:
        InputError: X443 when it is there and cannot be read.
    """
    try:
        return _built(project, graph)[1]
    except LookupError:
        return None
    except (OSError, ValueError) as error:
        message = f"the report of `{graph.study}` cannot be read: {str(error).splitlines()[0]}"
        raise InputError(Problem("X443", message, "run `simkiln verify`, then build again")) from error


def _built(project: Project, graph: Graph) -> tuple[Path, Report]:
    """Folder and content of the planned report; LookupError when it is not in the store."""
    store = Store(project.store)
    address = next((n.address for n in graph.targets if n.stage.role == "report" and store.has(*n.address)), None)
    if address is None:
        raise LookupError
    folder = store.path(*address)
    return folder, json.loads((folder / "report.json").read_text(encoding="utf-8"))


def labels(project: Project, study: str) -> dict[str, Label]:
    """`KIND:ID` -> title, file and line; claims are those of the one study, and bear their id."""
    found: dict[str, Label] = {}
    for kind in KINDS:
        for name, spec in project.specs(kind).items():
            span = project.spans(kind, name).get(("title",)) or project.spans(kind, name).get(())
            label: Label = {"title": spec.title}
            if advice := getattr(spec, "advice", ""):
                label["advice"] = advice
            found[f"{kind}:{name}"] = {**label, "file": span.file, "line": span.line} if span else label
    for claim in project.studies[study].claims:
        span = project.spans("study", study).nearest(("claims", claim), key=True)
        found[f"claim:{claim}"] = {"title": claim, "file": span.file, "line": span.line}
    return found


def publish_report(project: Project, graph: Graph) -> Path | None:
    """Copy the study's report to `build/report/STUDY.html`, with titles and lines of the specs as they are now."""
    found = present(project, graph)
    if found is not None:
        sys.stderr.write(f"report: {found.relative_to(project.root)}\n")
    return found
