"""Show what would be built, rebuilt and reused, and what that takes."""

import argparse
import json
import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from compiler.verbs import common

if TYPE_CHECKING:
    from compiler.tree import Line

COLOURS = {"build": "green", "rebuild": "yellow", "orphan": "red", "reuse": "dim", "not needed": "dim"}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `simkiln plan`."""
    common.study_argument(parser)
    common.root_argument(parser)
    parser.add_argument("--json", action="store_true", help="all nodes, in the form of schema/plan.schema.json")
    parser.add_argument("--all", action="store_true", help="each location by itself, with what is not needed")
    parser.add_argument("--cores", type=int, default=os.cpu_count() or 1, help="for the estimate of wall time")


def run(args: argparse.Namespace) -> int:
    """Print the plan; 0 unless the specs are refused."""
    from compiler.compile import plan_study
    from compiler.overview import overview
    from compiler.summary import footer
    from compiler.tree import Line, lines

    project = common.project(args)
    found = overview(project, plan_study(project, args.study), max(1, args.cores))
    if args.json:
        print(json.dumps(found.to_json(), indent=1))
        return 0
    study = project.studies[args.study]
    _print(lines(found.places(), args.study, args.all))
    _print(Line(text) for text in footer(found.counts, found.estimate, study.budget, found.orphan_bytes))
    if found.changes.refused:
        _print([Line(f"orphans are not told: study `{found.changes.refused[0]}` has errors (`simkiln check`)")])
    return 0


def _print(found: "Iterable[Line]") -> None:
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        print("\n".join(line.text for line in found))
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    for line in found:
        console.print(Text(line.text, style=COLOURS[str(line.mark)] if line.mark else ""))
