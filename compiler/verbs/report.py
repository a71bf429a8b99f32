"""Write the report again with today's titles; say so when it is not built yet."""

import argparse
import sys

from compiler.verbs import common


def arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `simkiln report`."""
    common.study_argument(parser)
    common.root_argument(parser)


def run(args: argparse.Namespace) -> int:
    """0 when the report is there."""
    from compiler.plan.study import plan_study
    from compiler.report.publish import publish_report

    project = common.project(args)
    found = plan_study(project, args.study)
    if publish_report(project, found.graph) is None:
        sys.stderr.write(f"the report of `{args.study}` is not built: run `simkiln run {args.study}`\n")
        return 1
    return 0
