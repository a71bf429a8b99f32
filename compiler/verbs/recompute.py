"""Make every table of a report again from its trials, and compare it with what the report says."""

import argparse

from compiler.verbs import common

SHOWN = 20


def arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `simkiln recompute`."""
    common.study_argument(parser)
    common.root_argument(parser)


def run(args: argparse.Namespace) -> int:
    """0 when all tables agree with the trials, 1 when one differs or provenance is mixed, 4 when there is no report."""
    from compiler.render.columns import visible
    from compiler.store.verify import strangers
    from runtime.report.recompute import recompute
    from runtime.stats.status import Status
    from runtime.store.store import Store

    project, plan = common.planned(args)
    store = Store(project.store)
    report = next((n for n in plan.graph.targets if n.stage.role == "report" and store.has(*n.address)), None)
    if report is None:
        common.say_not_built(args.study)
        return Status.NOT_RUN.exit_code
    strangers(store, report)
    found = recompute(store, report.fingerprint)
    for table, count in found.compared.items():
        odd = [d for d in found.differences if d.table == table]
        print(f"{table}: {count} values, {f'{len(odd)} differ' if odd else 'all agree'}")
        for d in odd[:SHOWN]:
            print(visible(f"  {d.path}: the report says {d.said!r}, the trials give {d.found!r}"))
        if len(odd) > SHOWN:
            print(f"  and {len(odd) - SHOWN} more")
    said = f"{len(found.differences)} values differ" if found.differences else "every table agrees with the trials"
    print(f"{found.trials:,} trials: {said}")
    return (Status.FAILED if found.differences else Status.PASSED).exit_code
