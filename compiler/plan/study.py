"""The whole way from specs to a plan."""

from collections.abc import Collection, Mapping
from pathlib import Path

from compiler.diagnostics.diagnostic import Diagnostic
from compiler.graph.expand import expand
from compiler.graph.graph import Graph
from compiler.laws.check import check
from compiler.plan.plan import Plan, make_plan
from compiler.project.held import Held
from compiler.project.load import load_project
from compiler.project.project import Project
from compiler.project.roots import roots_of_environment
from compiler.store.listing import listing


class SpecsRefused(Exception):
    """The specs of `project` have errors; `diagnostics` says which."""

    def __init__(self, project: Project, diagnostics: list[Diagnostic]) -> None:
        super().__init__(f"{len(diagnostics)} problems in the specs")
        self.project, self.diagnostics = project, diagnostics
        self.errors = [d for d in diagnostics if d.severity == "error"]


def open_project(
    root: Path,
    roots: Mapping[str, Path] | None = None,
    overlay: Mapping[str, str] | None = None,
    held: Held | None = None,
    later: Collection[str] = (),
) -> Project:
    """The project's specs; roots come from arguments, the environment, or `simkiln.local.yaml`, in that order.

    `overlay` holds texts by project-relative name that count in the place of files, `held` what was read before; `later` names
    files of locations that are read when they are asked for.
    """
    return load_project(root, {**roots_of_environment(), **(roots or {})}, overlay, held, later)


def checked_graph(project: Project, study: str) -> Graph:
    """Check and expand.

    Raises:
        SpecsRefused: when a spec that the study uses has an error.
    """
    diagnostics = check(project, study)
    if any(d.severity == "error" for d in diagnostics):
        raise SpecsRefused(project, diagnostics)
    return expand(project, study)


def plan_study(project: Project, study: str) -> Plan:
    """Check, expand and compare with the store; raises as `checked_graph` does."""
    return make_plan(checked_graph(project, study), listing(project.root, project.store).published())
