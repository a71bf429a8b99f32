"""Plan -> files that Snakemake reads: `plan.json`, one job file per node, and one wildcard rule per stage.

Snakemake is handed only what is missing. Its outputs are marker files of this very run, never artifacts, so it cannot
delete, keep or believe one: completeness lives in the store.
"""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from compiler.diagnostics.diagnostic import Span
from compiler.graph.node import Address, Node
from compiler.graph.stops import guarded, guards
from compiler.plan.plan import Plan, State
from compiler.project.backends import places, python
from compiler.project.project import Project
from compiler.run import flags
from compiler.run.chunks import Chunk, chunks
from compiler.run.folder import page_of, write_run
from compiler.run.frozen_plan import JobEntry
from compiler.templates import template
from runtime.build.guard import Guard
from runtime.job import Job, Origin, Parent
from runtime.problem import InputError
from runtime.store.marker import claim


def emit(project: Project, plan: Plan) -> Path:
    """Write everything for one run below `build/` and return the path of its plan."""
    written = not flags.dry()  # thousands of files that no job would read
    with suppress(OSError, InputError):  # jobs will say what is wrong with it
        if written:
            claim(project.store)
    nodes: dict[str, dict[str, dict[str, str]]] = {}
    jobs: dict[str, dict[str, JobEntry]] = {}
    parts = chunks(plan)
    home = {node.address: part.address for part in parts for node in part.nodes}
    held = guarded(plan.graph, guards(project, plan.graph))
    for part in parts:
        for node in part.nodes:
            if written:
                job(project, node, held.get(node.address, ())).write(project.root / "build" / "jobs")
            nodes.setdefault(node.stage.name, {})[node.fingerprint] = {"label": node.label}
        stage, name = part.address
        jobs.setdefault(stage, {})[name] = {**_entry(plan, part, home, held), **python(project, part.nodes[0].backends)}
    wanted = [home[t.address] for t in plan.graph.targets if plan.states[t.address] is State.BUILD]
    content = {
        "counts": {str(state): plan.count(state) for state in State},
        "targets": [list(address) for address in dict.fromkeys(wanted)],
        "jobs": jobs,
        "nodes": nodes,
        "page": page_of(plan.graph.study) if any(t.stage.role == "report" for t in plan.graph.targets) else None,
    }
    store = os.path.relpath(project.store, project.root)
    stages = {stage for stage, _ in plan.graph.nodes}  # one that is built has a rule too: `--until` may name it
    rules = _rules(sorted(stages)) if nodes or flags.named(stages) else ""
    return write_run(project.root, plan.graph.study, store, content, rules)


def job(project: Project, node: Node, held: tuple[Guard, ...] = ()) -> Job:
    """The node as the runtime reads it; guards may forbid it."""
    return Job(
        stage=node.stage.name,
        version=node.stage.version,
        fingerprint=node.fingerprint,
        label=node.label,
        scope=node.scope.names(),
        params=node.params,
        inputs={port: [Parent(*parent.address) for parent in found] for port, found in node.inputs.items()},
        backends=node.backends,
        libraries=dict(node.setting.identity.libraries),
        code=node.setting.identity.code,
        pins=dict(node.setting.identity.pins),
        digests=dict(node.setting.identity.digests),
        origins={key: _origin(project, span) for key, span in node.origins.items()},
        content=node.content,
        source_dir=node.source_dir,
        asset_roots=_asset_roots(project, node),
        scopes=node.scopes(),
        guards=[guard.to_json() for guard in held],
        places=places(project, node.backends) if node.backends else {},
    )


def _asset_roots(project: Project, node: Node) -> dict[str, str]:
    """Where the files of a node's assets lie, for a stage that reads them."""
    if node.content is None or "location.assets" not in node.stage.bound.values():
        return {}
    return {name: str(root) for name, root in project.asset_roots(str(node.scope.location)).items()}


def _entry(plan: Plan, part: Chunk, home: Mapping[Address, Address], held: Mapping[Address, tuple[Guard, ...]]) -> JobEntry:
    parents = dict.fromkeys(home[p.address] for node in part.nodes for p in plan.missing_parents(node))
    for node in part.nodes:  # what a guard judges together has to be there, or the guard does not know
        judged = (parent for guard in held.get(node.address, ()) for parent in guard.judged)
        parents.update(dict.fromkeys(home[parent] for parent in judged if parent in home))
    return part.entry(parents)


def _origin(project: Project, span: Span) -> Origin:
    lines = project.lines(span.file) or []
    end = span.end_col if span.end_line == span.line else span.col + 1
    text = lines[span.line - 1] if span.line <= len(lines) else ""
    return {"file": span.file, "line": span.line, "col": span.col, "length": end - span.col, "text": text}


def _rules(stages: list[str]) -> str:
    rule = template("stage.smk.j2")  # the only value that reaches it is a Python identifier
    return "\n".join(rule.render(stage=stage) for stage in stages)
