"""Check all that a study needs of this machine before anything is spent: folders, digests, licences, GPUs, memory, disk."""

import argparse

from compiler.verbs import common


def arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `simkiln preflight`."""
    common.study_argument(parser)
    common.root_argument(parser)
    common.colour_argument(parser)


def run(args: argparse.Namespace) -> int:
    """One table; 0 when nothing is missing. What is wrong with the specs is told like `check` does."""
    from compiler.graph.expand import expand
    from compiler.laws.check import check
    from compiler.plan.overview import overview
    from compiler.plan.plan import make_plan
    from compiler.plan.preflight import Line, folders, machine
    from compiler.render.columns import columns
    from compiler.store.listing import listing

    project = common.project(args)
    found = check(project, args.study)
    errors = sum(d.severity == "error" for d in found)
    lines = [
        Line(
            "specs",
            "missing" if errors else "ok",
            f"{errors} {'errors' if errors > 1 else 'error'}, told below" if errors else "no error",
        )
    ]
    if (study := project.studies.get(args.study)) is not None:
        lines += folders(project, study)
        if not errors:
            plan = make_plan(expand(project, args.study), listing(project.root, project.store).published())
            lines += machine(project, study, overview(project, plan))
    missing = [line for line in lines if line.state == "missing"]
    print("\n".join(columns([("what", "state", ""), *lines])))
    if found:
        common.show(project, found, colour=args.color)
    print(f"{len(missing)} missing: {', '.join(line.what for line in missing)}" if missing else "ready: nothing is missing")
    return 1 if missing else 0
