"""Say how a study stands: passed, failed, undecided or not run, by its gates and claims."""

import argparse

from compiler.verbs import common


def arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `simkiln status`."""
    common.study_argument(parser)
    common.root_argument(parser)


def run(args: argparse.Namespace) -> int:
    """0 passed, 1 failed, 3 undecided, 4 not run: passed alone is success, and only once all that is planned is built."""
    from compiler.plan.plan import State
    from compiler.render.columns import visible
    from compiler.report.standing import of_study, standings
    from runtime.stats.status import Status, combine

    project, plan = common.planned(args)
    found = standings(project, plan.graph)
    for one in found:
        until = ""
        if one.waived:
            waiver = project.studies[args.study].waivers.of(one.kind)[one.id]
            until = f"  waived by {waiver.owner} until {waiver.until}: {waiver.reason}"
        print(visible(f"{one.status:<10} {one.kind} {one.id}{until}"))
        advice = project.gates[one.id].advice if one.kind == "gate" else ""
        if advice and one.status is Status.FAILED:
            print(visible(f"{'':<10} {advice}"))
    for line in plan.graph.stopped.lines() if plan.graph.stopped is not None else ():
        print(visible(line))
    status, missing = of_study(found), plan.count(State.BUILD)
    if missing:
        print(f"{missing} artifact{'s' * (missing != 1)} of {len(plan.graph.nodes)} not built yet: simkiln run {args.study}")
        status = combine([status, Status.NOT_RUN])
    elif not found:
        print("all is built, and there is nothing to judge it by: the study has no gates and no claims")
    print(f"study {args.study}: {status}")
    return status.exit_code
