"""Show what would be built, rebuilt and reused, and what that takes."""

import argparse
import json
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from compiler.project.roots import parse_roots, roots_of_environment
from compiler.run.idle import key, recall
from compiler.verbs import common

if TYPE_CHECKING:
    from compiler.plan.form import AgainstCount
    from compiler.plan.plan import Plan
    from compiler.plan.tree import Line
    from compiler.project.project import Project
    from compiler.run.idle import Asked
    from compiler.why.against import Against

COLOURS = {"build": "green", "rebuild": "yellow", "orphan": "red", "reuse": "dim", "not needed": "dim"}
MOST_CAUSES = 20


def arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `simkiln plan`."""
    common.study_argument(parser)
    common.root_argument(parser)
    parser.add_argument("--json", action="store_true", help="all nodes, in the form of schema/plan.schema.json")
    parser.add_argument("--all", action="store_true", help="each location by itself, with what is not needed")
    parser.add_argument("--cores", type=int, default=os.cpu_count() or 1, help="for the estimate of wall time")
    parser.add_argument("--against", metavar="REV", help="what the work tree builds that this git revision does not")
    parser.add_argument("--comment", metavar="FILE", type=Path, help="with --against: also write a comment in Markdown")
    from_help = "print one comment of every STUDY.json in a folder, each made by --against REV --json; no spec is read"
    parser.add_argument("--comment-from", metavar="FOLDER", type=Path, help=from_help)
    pins = "what another version of a library would build again; nothing is installed or pinned"
    parser.add_argument("--with", dest="libraries", action="append", default=[], metavar="LIBRARY=VERSION", help=pins)


def run(args: argparse.Namespace) -> int:
    """Print the plan; 0 unless the specs are refused."""
    if args.comment_from:
        from compiler.why.comment import comment_of

        sys.stdout.write(comment_of(args.comment_from))
        return 0
    asked = key(Path.cwd(), args.study, roots_of_environment() | parse_roots(args.root))
    if not (args.json or args.all or args.against is not None or args.comment or args.libraries):
        idle = recall(Path.cwd(), args.study, asked)
        if idle is not None:
            _print(idle.lines)
            return 0
    if args.comment and args.against is None:
        raise ValueError("--comment needs --against REV")
    if args.against is not None and args.libraries:
        raise ValueError("--against and --with are two questions: ask one at a time")
    if args.against is not None:
        return _against(*common.planned(args), args)
    if args.libraries:
        return _with(args)
    if args.json:
        from compiler.plan.overview import overview

        print(json.dumps(overview(*common.planned(args), max(1, args.cores)).to_json(), indent=1))
        return 0
    _print(_plan(args, asked))
    return 0


def _plan(args: argparse.Namespace, asked: "Asked") -> "list[Line]":
    from compiler.plan.overview import overview
    from compiler.run.memo import with_plan
    from compiler.run.remember import said_of, settle

    def use(project: "Project", plan: "Plan") -> "list[Line]":
        found = overview(project, plan, max(1, args.cores))
        said = said_of(project, found, args.all)
        settle(project, plan, asked, found)
        return said

    return with_plan(Path.cwd(), args.study, asked, parse_roots(args.root), use)


def _with(args: argparse.Namespace) -> int:
    from compiler.graph.identity import Identities
    from compiler.plan.study import checked_graph, plan_study
    from compiler.why.against import against_pins

    project = common.project(args)
    today = checked_graph(project, args.study)
    project = common.project(args)
    project.pins = Identities(project, args.study).other_pins(args.libraries)
    found = against_pins(project, plan_study(project, args.study), today, max(1, args.cores))
    if args.json:
        print(json.dumps(found.to_json(), indent=1))
        return 0
    _print(_against_lines(found, args.all))
    return 0


def _against(project: "Project", plan: "Plan", args: argparse.Namespace) -> int:
    from compiler.why.against import against

    found = against(project, plan, args.against, max(1, args.cores))
    if args.comment:
        from compiler.why.comment import render_comment

        common.write(args.comment, render_comment(found.to_json()))
    if args.json:
        print(json.dumps(found.to_json(), indent=1))
        return 0
    _print(_against_lines(found, args.all))
    return 0


def _against_lines(found: "Against", every: bool) -> "Iterator[Line]":
    from compiler.plan.changes import SIGNS, Mark
    from compiler.plan.summary import amounts, number, over, size
    from compiler.plan.tree import Line
    from compiler.why.comment import stages

    counts = found.counts
    if found.problems:
        yield Line(f"the specs of {found.revision} cannot be compared with; this is the plan of the work tree alone:")
        for problem in found.problems:
            yield Line(f"  {problem}")
    named = f"{found.revision} ({found.commit[:12]})" if found.commit else found.revision
    stored = f" ({number(counts['gone_stored'])} in the store, {size(found.gone_bytes, rough=True)})"
    gone = f"no longer needed{stored if counts['gone_stored'] else ''}"
    words: dict[AgainstCount, str] = {"rebuild": "to rebuild", "reuse": "newly asked for and in the store", "gone": gone}
    said = [f"{number(counts['build'])} to build"]
    said += [f"{number(counts[key])} {what}" for key, what in words.items() if counts[key]]
    for group in found.groups if every else found.groups[:MOST_CAUSES]:
        yield Line(group.title + (f"  [{group.at}]" if group.at else ""))
        for mark, built in ((Mark.BUILD, group.build), (Mark.REBUILD, group.rebuild)):
            if built:
                yield Line(f"  {SIGNS[mark]} {stages(built)}", mark)
    if len(found.groups) > MOST_CAUSES and not every:
        yield Line(f"... and {len(found.groups) - MOST_CAUSES} more causes (--all)")
    if found.gone:
        yield Line("no longer needed")
        yield Line(f"  {SIGNS[Mark.ORPHAN]} {stages(found.gone_by_stage())}", Mark.ORPHAN)
    yield Line(f"against {named}: " + ", ".join(said))
    if counts["pending"]:
        yield Line(f"{number(counts['pending'])} more are missing with or without this change")
    if found.builds:
        yield Line("estimate: " + ", ".join(amounts(found.estimate)))
        study = found.project.studies[found.plan.graph.study]
        yield from (Line(text) for text in over(found.estimate, study.budget))
    yield from (Line(note) for note in found.notes)


def _print(found: Iterable[tuple[str, str | None]]) -> None:
    """Lines with their marks on stdout, coloured on a terminal; control characters from specs are made visible."""
    from compiler.render.columns import visible
    from compiler.render.terminal import wants_colour

    if not wants_colour(sys.stdout):
        sys.stdout.writelines(visible(text) + "\n" for text, _ in found)
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    for text, mark in found:
        console.print(Text(visible(text), style=COLOURS.get(mark or "", "")))
