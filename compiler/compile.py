"""The whole way from specs to a plan, and the report once it is built."""

import sys
from collections.abc import Mapping
from pathlib import Path

from compiler.check import check
from compiler.diagnostic import Diagnostic
from compiler.expand import expand
from compiler.load import Project, load_project
from compiler.node import Graph
from compiler.plan import Plan, make_plan
from compiler.present import present
from compiler.roots import roots_of_environment
from runtime.store import Store


class SpecsRefused(Exception):
    """The specs of `project` have errors; `diagnostics` says which."""

    def __init__(self, project: Project, diagnostics: list[Diagnostic]) -> None:
        super().__init__(f"{len(diagnostics)} problems in the specs")
        self.project, self.diagnostics = project, diagnostics


def open_project(root: Path, roots: dict[str, Path] | None = None, overlay: Mapping[str, str] | None = None) -> Project:
    """The project's specs; roots come from arguments, the environment, or `simkiln.local.yaml`, in that order.

    `overlay` holds texts by project-relative name that count in the place of files.
    """
    return load_project(root, {**roots_of_environment(), **(roots or {})}, overlay)


def plan_study(project: Project, study: str) -> Plan:
    """Check, expand and compare with the store.

    Raises:
        SpecsRefused: when a spec that the study uses has an error.
    """
    diagnostics = check(project, study)
    if any(d.severity == "error" for d in diagnostics):
        raise SpecsRefused(project, diagnostics)
    return make_plan(expand(project, study), Store(project.store).listing())


def publish_report(project: Project, graph: Graph) -> Path | None:
    """Copy the study's report to `build/report/STUDY.html`, with titles and lines of the specs as they are now."""
    found = present(project, graph)
    if found is not None:
        sys.stderr.write(f"report: {found.relative_to(project.root)}\n")
    return found
