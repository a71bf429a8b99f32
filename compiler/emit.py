"""Plan -> files that Snakemake reads: `plan.json`, one job file per node, and one wildcard rule per stage.

Snakemake is handed only what is missing. Its outputs are marker files of this very run, never artifacts, so it cannot
delete, keep or believe one: completeness lives in the store.
"""

import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

import jinja2

from compiler.load import Project
from compiler.node import Node
from compiler.plan import Plan, State, resources
from runtime.node import Job, Parent

KEEP_RUNS_S = 7 * 86400
RULES = Path(__file__).resolve().parent.parent / "rules"


def emit(project: Project, plan: Plan) -> Path:
    """Write everything for one run below `build/` and return the path of its plan."""
    build = project.root / "build"
    _forget_old(build / "runs")
    run = build / "runs" / f"{time.strftime('%Y%m%dT%H%M%S')}-{os.getpid()}"
    nodes: dict[str, dict[str, Any]] = {}
    for node in plan.build():
        job(project, node).write(build / "jobs")
        nodes.setdefault(node.stage.name, {})[node.fingerprint] = _entry(plan, node)
    frozen = {
        "study": plan.graph.study,
        "root": ".",
        "run": str(run.relative_to(project.root)),
        "store": os.path.relpath(project.store, project.root),
        "counts": {str(state): plan.count(state) for state in State},
        "targets": [list(t.address) for t in plan.graph.targets if plan.states[t.address] is State.BUILD],
        "nodes": nodes,
    }
    run.mkdir(parents=True)
    (run / "plan.json").write_text(json.dumps(frozen, indent=1))
    (run / "stages.smk").write_text(_rules(sorted(nodes)))
    for name in ("plan.json", "stages.smk"):
        temporary = build / f".{name}.{os.getpid()}"
        shutil.copyfile(run / name, temporary)
        temporary.replace(build / name)
    return run / "plan.json"


def job(project: Project, node: Node) -> Job:
    """The node as the runtime reads it."""
    return Job(
        stage=node.stage.name,
        version=node.stage.version,
        fingerprint=node.fingerprint,
        label=node.label,
        scope=node.scope.names(),
        params=node.params,
        inputs={port: [Parent(p.stage.name, p.fingerprint) for p in found] for port, found in node.inputs.items()},
        backends=node.backends,
        origins={key: _origin(project, span) for key, span in node.origins.items()},
        content=node.content,
        source_dir=node.source_dir,
        scopes=node.scopes(),
    )


def _entry(plan: Plan, node: Node) -> dict[str, Any]:
    need = resources(node)
    return {
        "label": node.label,
        "inputs": [list(p.address) for p in plan.missing_parents(node)],
        "threads": need.cpu,
        "mem_mb": int(need.mem_gb * 1000),
        "runtime": max(1, round(need.minutes * 10)),
        "gpu": need.gpu,
    }


def _origin(project: Project, span: Any) -> dict[str, Any]:
    lines = project.lines(span.file) or []
    end = span.end_col if span.end_line == span.line else span.col + 1
    text = lines[span.line - 1] if span.line <= len(lines) else ""
    return {"file": span.file, "line": span.line, "col": span.col, "length": end - span.col, "text": text}


def _rules(stages: list[str]) -> str:
    source = (RULES / "stage.smk.j2").read_text()
    # Rules are no HTML, and the only value that reaches them is a stage's name: a Python identifier.
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True, autoescape=False)  # noqa: S701
    template = environment.from_string(source)
    return "\n".join(template.render(stage=stage) for stage in stages)


def _forget_old(runs: Path) -> None:
    if runs.is_dir():
        for entry in runs.iterdir():
            if time.time() - entry.stat().st_mtime > KEEP_RUNS_S:
                shutil.rmtree(entry, ignore_errors=True)
