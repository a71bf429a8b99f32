"""Put a study's report where people look for it, with the titles and spec lines of today.

Titles and line numbers are not part of any address (editing one rebuilds nothing), so they are filled in here.
"""

import json
from pathlib import Path

from compiler.load import Project
from compiler.node import Graph
from runtime.report.labels import apply_labels
from runtime.store import Store

KINDS = ("study", "location", "task", "approach", "gate")


def present(project: Project, graph: Graph) -> Path | None:
    """Write `build/report/STUDY.html` and return it; None when the study's report is not in the store.

    Beside it stand `STUDY.json`, the same as data, and `STUDY.md`, a summary for pull requests.
    """
    store = Store(project.store)
    nodes = [n for n in graph.targets if n.stage.name == "report" and store.has(*n.address)]
    if not nodes:
        return None
    try:
        folder = store.path(*nodes[0].address)
        html, said = (folder / "report.html").read_text(), json.loads((folder / "report.json").read_text())
    except (OSError, ValueError):
        return None  # damaged; `simkiln verify` says so and has it built again
    from compiler.brief import render_brief  # 40 ms, and with nothing built there is nothing to say

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
