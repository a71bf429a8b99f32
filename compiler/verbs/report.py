"""Write the report again with today's titles; say so when it is not built yet."""

import argparse

from compiler.verbs import common


def arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `simkiln report`."""
    common.study_argument(parser)
    common.root_argument(parser)


def run(args: argparse.Namespace) -> int:
    """0 when the report is there."""
    from compiler.report.publish import publish_report

    project, plan = common.planned(args)
    if publish_report(project, plan.graph) is None:
        common.say_not_built(args.study)
        return 1
    return 0
