"""The whole way from specs to files for Snakemake, and what is to be done once they are built."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from compiler.check import check
from compiler.diagnostic import Diagnostic
from compiler.emit import emit
from compiler.expand import expand
from compiler.frozen import FrozenPlan
from compiler.load import Project, load_project
from compiler.node import Graph
from compiler.plan import Plan, make_plan
from compiler.present import present
from compiler.render.text import render_text
from runtime.store import Store

ROOTS_VARIABLE = "SIMKILN_ROOTS"


class SpecsRefused(Exception):
    """The specs of `project` have errors; `diagnostics` says which."""

    def __init__(self, project: Project, diagnostics: list[Diagnostic]) -> None:
        super().__init__(f"{len(diagnostics)} problems in the specs")
        self.project, self.diagnostics = project, diagnostics


def parse_roots(given: list[str]) -> dict[str, Path]:
    """`NAME=DIR` arguments -> folders by name.

    Raises:
        ValueError: when an argument has no `=`.
    """
    roots = {}
    for text in given:
        name, equals, folder = text.partition("=")
        if not (name and equals and folder):
            raise ValueError(f"`{text}` is not of the form NAME=DIR")
        roots[name] = Path(folder).expanduser().absolute()
    return roots


def open_project(root: Path, roots: dict[str, Path] | None = None, overlay: Mapping[str, str] | None = None) -> Project:
    """The project's specs; roots come from arguments, the environment, or `simkiln.local.yaml`, in that order.

    `overlay` holds texts by project-relative name that count in the place of files.
    """
    from_environment = parse_roots([r for r in os.environ.get(ROOTS_VARIABLE, "").split(os.pathsep) if r])
    return load_project(root, {**from_environment, **(roots or {})}, overlay)


def plan_study(project: Project, study: str) -> Plan:
    """Check, expand and compare with the store.

    Raises:
        SpecsRefused: when a spec that the study uses has an error.
    """
    diagnostics = check(project, study)
    if any(d.severity == "error" for d in diagnostics):
        raise SpecsRefused(project, diagnostics)
    return make_plan(expand(project, study), Store(project.store).listing())


def compile_study(study: str) -> str:
    """For the Snakefile: plan, emit, and return the path of the plan. Ends Snakemake when the specs are refused."""
    project = open_project(Path.cwd())
    try:
        plan = plan_study(project, study)
    except SpecsRefused as refused:
        sys.stderr.write("\n".join(render_text(d, project.lines(d.span.file)) for d in refused.diagnostics))
        sys.stderr.write(f"\n{len(refused.diagnostics)} problems: nothing was built\n")
        sys.stderr.flush()
        os._exit(1)  # Snakemake would wrap any exception in a traceback
    path = emit(project, plan)
    if not any(True for _ in plan.build()):
        publish_report(project, plan.graph)
    return str(path)


def finish(frozen: FrozenPlan) -> None:
    """After Snakemake said that it succeeded: planned must equal published; then put the report where people look.

    Raises:
        RuntimeError: when something planned is not in the store.
    """
    project = open_project(Path.cwd())
    absent = frozen.unpublished(project.root)
    if absent:
        raise RuntimeError(f"planned but not in the store: {', '.join(absent[:5])}")
    try:
        publish_report(project, plan_study(project, frozen.study).graph)
    except SpecsRefused:
        sys.stderr.write("built as planned; the specs have changed since and have errors: run `simkiln check`\n")


def publish_report(project: Project, graph: Graph) -> Path | None:
    """Copy the study's report to `build/report/STUDY.html`, with titles and lines of the specs as they are now."""
    found = present(project, graph)
    if found is not None:
        sys.stderr.write(f"report: {found.relative_to(project.root)}\n")
    return found
