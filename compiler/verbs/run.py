"""Build what is missing, with a progress display."""

import argparse
import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from compiler.verbs import common

if TYPE_CHECKING:
    from compiler.plan.plan import Plan
    from compiler.project.project import Project

PLANS = 3
"""How often a study is planned where its captures change while it is built."""
SNAKEFILES = ("Snakefile", "snakefile", "workflow/Snakefile", "workflow/snakefile")
"""Where Snakemake looks for one."""
QUIET = ("progress", "rules", "host", "reason")
"""What is shown better; `all` would be quiet about errors, too."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `simkiln run`."""
    common.study_argument(parser)
    common.root_argument(parser)
    parser.add_argument("--cores", default="all", help="how many cores jobs may use together (default: all)")


def run(args: argparse.Namespace) -> int:
    """0 when everything planned was built, and no gate that stops has failed; 130 when somebody interrupted it.

    Raises:
        ValueError: when the folder has no Snakefile.
    """
    from compiler.plan.plan import State
    from compiler.project.roots import ROOTS_VARIABLE, parse_roots
    from compiler.report.standing import standings, stopping

    project, plan = common.planned(args)
    if not any((project.root / name).is_file() for name in SNAKEFILES):
        ours = Path(__file__).resolve().parents[2]
        raise ValueError(
            "no `Snakefile` in this folder, which says how a study is built: copy it and `profiles/` from where simkiln "
            f"stands, `cp -r {shlex.quote(str(ours / 'Snakefile'))} {shlex.quote(str(ours / 'profiles'))} .`"
        )
    command = [sys.executable, "-m", "snakemake", "--cores", str(args.cores), "--quiet", *QUIET]
    command += ["--config", f"study={args.study}"]
    environment = {**os.environ}
    if roots := parse_roots(args.root):
        environment[ROOTS_VARIABLE] = os.pathsep.join(f"{name}={folder}" for name, folder in roots.items())
    if code := _built(args, project, plan, command, environment):
        return code
    acting = [g for g in project.studies[args.study].gates if project.gates[g].on_fail != "warn"]
    for _ in range(len(acting) + 1 if acting else 0):  # what a gate stopped leaves the rest to be built
        project, plan = common.planned(args)
        if plan.graph.stopped is None or not plan.count(State.BUILD):
            break
        if code := _built(args, project, plan, command, environment):
            return code
    if acting and plan.graph.stopped is not None:
        sys.stderr.writelines(f"{line}\n" for line in plan.graph.stopped.lines())
    report = project.root / "build" / "report" / f"{args.study}.html"
    if report.exists():
        print(f"report: {report.relative_to(project.root)}")
    failed = stopping(standings(project, plan.graph))
    if failed:
        sys.stderr.write(f"failed, and `on_fail: stop`: gate {', '.join(failed)} (`simkiln status {args.study}`)\n")
    return 1 if failed else 0


def _built(args: argparse.Namespace, project: "Project", plan: "Plan", command: list[str], environment: dict[str, str]) -> int:
    """0 when all was built; where captures changed meanwhile, planned again and with their digests taken anew."""
    from compiler.plan.plan import State
    from compiler.run.failures import captures_changed, explain_failures, never_begun, newest
    from compiler.run.progress import watch

    for left in range(PLANS - 1, -1, -1):
        before = newest(project.root)
        code = watch(command, environment, project.root, plan.count(State.BUILD))
        if code in (0, 130):
            return code
        if newest(project.root) == before:
            sys.stderr.write(never_begun(project.root, code))
            return 1
        if not left or not captures_changed(project.root):
            break
        sys.stderr.write(f"a capture changed while it was planned and built: planning again (at most {left} more)\n")
        shutil.rmtree(project.cache, ignore_errors=True)
        project, plan = common.planned(args)
    sys.stderr.write(explain_failures(project.root) or never_begun(project.root, code))
    return 1
