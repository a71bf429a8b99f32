"""Say how a study stands: passed, failed, undecided or not run, by its gates and claims."""

import argparse

from compiler.verbs import common


def arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `simkiln status`."""
    common.study_argument(parser)
    common.root_argument(parser)


def run(args: argparse.Namespace) -> int:
    """0 passed, 1 failed, 3 undecided, 4 not run: nothing but passed is success."""
    from compiler.render.columns import visible
    from compiler.report.standing import of_study, standings

    project, plan = common.planned(args)
    found = standings(project, plan.graph)
    for one in found:
        until = ""
        if one.waived:
            waiver = project.studies[args.study].waivers.of(one.kind)[one.id]
            until = f"  waived by {waiver.owner} until {waiver.until}: {waiver.reason}"
        print(visible(f"{one.status:<10} {one.kind} {one.id}{until}"))
    for line in plan.graph.stopped.lines() if plan.graph.stopped is not None else ():
        print(visible(line))
    status = of_study(found)
    print(f"study {args.study}: {status}")
    return status.exit_code
