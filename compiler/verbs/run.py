"""Build what is missing, with a progress display."""

import argparse
import os
import sys

from compiler.verbs import common


def arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `simkiln run`."""
    common.study_argument(parser)
    common.root_argument(parser)
    parser.add_argument("--cores", default="all", help="how many cores jobs may use together (default: all)")


def run(args: argparse.Namespace) -> int:
    """0 when everything planned was built."""
    from compiler.compile import plan_study
    from compiler.failures import explain_failures
    from compiler.plan import State
    from compiler.progress import watch
    from compiler.roots import ROOTS_VARIABLE, parse_roots

    project = common.project(args)
    total = plan_study(project, args.study).count(State.BUILD)
    command = [sys.executable, "-m", "snakemake", "--cores", str(args.cores), "--quiet", "all"]
    environment = {**os.environ}
    if roots := parse_roots(args.root):
        environment[ROOTS_VARIABLE] = os.pathsep.join(f"{name}={folder}" for name, folder in roots.items())
    command += ["--config", f"study={args.study}"]
    code = watch(command, environment, project.root, total)
    if code:
        sys.stderr.write(explain_failures(project.root))
    report = project.root / "build" / "report" / f"{args.study}.html"
    if code == 0 and report.exists():
        print(f"report: {report.relative_to(project.root)}")
    return 1 if code else 0
