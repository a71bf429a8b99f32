"""Put a study's report where people look for it, with the titles and spec lines of today.

Titles and line numbers are not part of any address (editing one rebuilds nothing), so they are filled in here.
"""

import json
import sys
from pathlib import Path
from typing import Any

from compiler.graph.node import Graph
from compiler.project.load import Project
from runtime.problem import InputError, Problem
from runtime.report.labels import apply_labels
from runtime.store.store import Store

KINDS = ("study", "location", "task", "approach", "gate")


def present(project: Project, graph: Graph) -> Path | None:
    """Write `build/report/STUDY.html` and return it; None when the study's report is not in the store.

    Beside it stand `STUDY.json`, the same as data, and `STUDY.md`, a summary for pull requests.
    """
    store = Store(project.store)
    nodes = [n for n in graph.targets if n.stage.role == "report" and store.has(*n.address)]
    if not nodes:
        return None
    try:
        folder = store.path(*nodes[0].address)
        html, said = (folder / "report.html").read_text(), json.loads((folder / "report.json").read_text())
    except (OSError, ValueError):
        return None  # damaged; `simkiln verify` says so and has it built again
    from compiler.report.brief import render_brief  # 40 ms, and with nothing built there is nothing to say

    names = labels(project, graph.study)
    said["labels"] = names
    target = project.root / "build" / "report" / f"{graph.study}.html"
    target.parent.mkdir(parents=True, exist_ok=True)
    _write(target.with_suffix(".json"), json.dumps(said, indent=1) + "\n")
    _write(target.with_suffix(".md"), render_brief(said))
    _write(target, apply_labels(html, names))
    return target


def _write(target: Path, text: str) -> None:
    temporary = target.with_suffix(f"{target.suffix}.tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(target)


def labels(project: Project, study: str) -> dict[str, dict[str, object]]:
    """`KIND:ID` -> title, file and line; claims are those of the one study, and bear their id."""
    found: dict[str, dict[str, object]] = {}
    for kind in KINDS:
        for name, spec in project.specs(kind).items():
            span = project.spans(kind, name).get(("title",)) or project.spans(kind, name).get(())
            where = {"file": span.file, "line": span.line} if span else {}
            found[f"{kind}:{name}"] = {"title": spec.title, **where}
    for claim in project.studies[study].claims:
        span = project.spans("study", study).nearest(("claims", claim), key=True)
        found[f"claim:{claim}"] = {"title": claim, "file": span.file, "line": span.line}
    return found


def built_report(project: Project, graph: Graph) -> dict[str, Any] | None:
    """`report.json` of the planned report; None when it is not in the store.

    Raises:
        InputError: X443 when it is there and cannot be read.
    """
    store = Store(project.store)
    node = next((n for n in graph.targets if n.stage.role == "report" and store.has(*n.address)), None)
    if node is None:
        return None
    try:
        return json.loads((store.path(*node.address) / "report.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        message = f"the report of `{graph.study}` cannot be read: {str(error).splitlines()[0]}"
        raise InputError(Problem("X443", message, "run `simkiln verify`, then build again")) from error


def publish_report(project: Project, graph: Graph) -> Path | None:
    """Copy the study's report to `build/report/STUDY.html`, with titles and lines of the specs as they are now."""
    found = present(project, graph)
    if found is not None:
        sys.stderr.write(f"report: {found.relative_to(project.root)}\n")
    return found
