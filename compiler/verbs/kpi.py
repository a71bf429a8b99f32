"""Print the key figures of each location and of each week, from the built report."""

import argparse
import json
import sys
from pathlib import Path

from compiler.verbs import common


def arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `simkiln kpi`."""
    common.study_argument(parser)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="as in the report's JSON, under `kpi`")
    form.add_argument("--csv", metavar="FILE", help="every figure of every week and location; `-` prints it")
    common.root_argument(parser)


def run(args: argparse.Namespace) -> int:
    """0 when there are key figures, 4 when the report is not built or nothing was measured in a known week."""
    from compiler.render.columns import visible
    from compiler.render.kpi import kpi_lines
    from compiler.report.publish import built_report
    from runtime.report.drawing.csv import table_csv
    from runtime.report.sections.kpi import rows as kpi_rows
    from runtime.stats.status import Status

    project, plan = common.planned(args)
    found = built_report(project, plan.graph)
    if found is None:
        common.say_not_built(args.study)
        return Status.NOT_RUN.exit_code
    if args.json:
        print(json.dumps(found["kpi"], indent=1))
    elif args.csv == "-":
        sys.stdout.write(table_csv(kpi_rows(found)))
    elif args.csv:
        common.write(Path(args.csv), table_csv(kpi_rows(found)))
    else:
        print("\n".join(map(visible, kpi_lines(found["kpi"]))))
    return 0 if found["kpi"]["rows"] else Status.NOT_RUN.exit_code
