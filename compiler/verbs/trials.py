"""Trials that travel: import files of evaluations, sheets to fill in beside a robot, exports of studies; comparisons of them."""

import argparse
import json
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from compiler.verbs import common

if TYPE_CHECKING:
    from compiler.graph.node import Node
    from compiler.project.project import Project


def arguments(parser: argparse.ArgumentParser) -> None:
    """Sub-verbs of `simkiln trials`."""
    verbs = parser.add_subparsers(required=True, metavar="WHAT")
    _import_arguments(verbs.add_parser("import", help="read files of trials and keep them in trials/NAME/"))
    _sheet_arguments(verbs.add_parser("sheet", help="write a sheet to fill in beside a robot, blinded, order by lot"))
    _uplift_arguments(verbs.add_parser("uplift", help="compare approaches by the trials of imported sets"))
    _prefer_arguments(verbs.add_parser("prefer", help="rank approaches by preferences between two at a time"))
    _twice_arguments(verbs.add_parser("twice", help="how often trials that were run twice ended differently"))
    _sim_real_arguments(verbs.add_parser("sim-real", help="how well one domain tells what another one would"))
    _export_arguments(verbs.add_parser("export", help="write a built study's trials to one small file that travels"))
    _join_arguments(verbs.add_parser("join", help="uplift of exported studies side by side, each over its own baseline"))


def run(args: argparse.Namespace) -> int:
    """0 when it went well."""
    from compiler.trials.imported import ImportRefused

    try:
        return args.act(args)
    except ImportRefused as refused:
        sys.stderr.write(common.as_text(cache(refused.origin.lines), refused.diagnostics, args.color))
        return 1


def _import_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", metavar="FILE", help="CSV, Excel, Parquet, JSON, JSON Lines, or eval_info.json")
    how = parser.add_mutually_exclusive_group(required=True)
    how.add_argument("--mapping", metavar="MAP.yaml", help="which column holds what")
    how.add_argument("--key", metavar="KEY.json", help="the key of a sheet of `simkiln trials sheet`")
    begun = "PolaRiS's initial_conditions.json, from which the episodes of its results began"
    parser.add_argument("--conditions", metavar="FILE.json", help=begun)
    parser.add_argument("--name", help="of the set (default: the mapping's file name)")
    parser.add_argument("--replace", action="store_true", help="put it in the place of the set of that name")
    different = "why outcomes that another set holds already are different trials; kept in the manifest"
    parser.add_argument("--same-outcomes-because", default="", metavar="REASON", help=different)
    common.colour_argument(parser)
    parser.set_defaults(act=_import)


def _import(args: argparse.Namespace) -> int:
    from compiler.render.columns import visible
    from compiler.trials.imported import import_trials

    different = args.same_outcomes_because.strip()
    done = import_trials(Path.cwd(), args.files, args.mapping, args.name, args.replace, different, args.key, args.conditions)
    counts = []
    for field, many in (("approach", "approaches"), ("location", "locations"), ("task", "tasks"), ("seed", "seeds")):
        count = len(set(done.table[field].to_pylist()))
        counts.append(f"{count} {many if count != 1 else field}")
    trials = "1 trial" if done.table.num_rows == 1 else f"{done.table.num_rows:,} trials"
    print(f"{trials}: {', '.join(counts)}; kept in trials/{done.name}/")
    for note in done.notes:
        print(visible(f"  note: {note}"))
    return 0


def _sheet_arguments(parser: argparse.ArgumentParser) -> None:
    common.study_argument(parser)
    common.root_argument(parser)
    parser.add_argument("--location", required=True, help="where the robot stands")
    parser.add_argument("--task", help="which task (default: the study's only one)")
    parser.add_argument("--approaches", nargs="+", default=[], metavar="ID", help="only these (default: all)")
    parser.add_argument("--states", type=int, default=20, metavar="N", help="initial states (default: 20)")
    parser.add_argument("--first", type=int, default=0, metavar="N", help="number of the first one (default: 0)")
    parser.add_argument("--seed", type=int, default=0, help="of the lot that labels and orders trials (default: 0)")
    parser.add_argument("--out", default="sheets", metavar="DIR", help="folder to write to (default: sheets)")
    common.colour_argument(parser)
    parser.set_defaults(act=_sheet)


def _sheet(args: argparse.Namespace) -> int:
    from compiler.trials.sheet import draw, write

    project = common.project(args)
    sheet, starts = draw(project, args.study, args.location, args.task, args.approaches, args.states, args.first, args.seed)
    table, page, key = write(Path(args.out), sheet, starts)
    print(f"{len(sheet.lines)} trials: {len(sheet.labels)} policies from {args.states} initial states")
    print(f"  {table}  to fill in\n  {page}  to print\n  {key}  the labels' meaning: not for whoever judges")
    print(f"then: simkiln trials import {table} --key {key}")
    return 0


def _uplift_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="*", metavar="NAME", help="imported sets (default: all)")
    parser.add_argument("--baseline", default="baseline", help="approach that the others are compared with")
    parser.add_argument("--level", type=float, default=0.95, help="confidence level of every band (default: 0.95)")
    parser.add_argument("--json", action="store_true")
    common.colour_argument(parser)
    parser.set_defaults(act=_uplift)


def _uplift(args: argparse.Namespace) -> int:
    from compiler.render.columns import visible
    from compiler.render.uplift import comparison_lines
    from compiler.trials.imported import compare_sets

    _between(args.level)
    found = compare_sets(Path.cwd(), args.names, args.baseline, args.level)
    print(json.dumps(found, indent=1) if args.json else "\n".join(map(visible, comparison_lines(found))))
    return 0


def _prefer_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", metavar="FILE", help="a row for each comparison")
    parser.add_argument("--mapping", metavar="MAP.yaml", required=True, help="with `preferences`: which column holds what")
    parser.add_argument("--level", type=float, default=0.95, help="at which the bands of all pairs hold (default: 0.95)")
    parser.add_argument("--study", help="keep them for this study's report, in preferences/STUDY.json")
    parser.add_argument("--json", action="store_true")
    common.colour_argument(parser)
    parser.set_defaults(act=_prefer)


def _prefer(args: argparse.Namespace) -> int:
    from compiler.render.columns import visible
    from compiler.render.preferences import preference_lines
    from compiler.trials.imported import rank_preferences

    _between(args.level)
    found = rank_preferences(args.files, args.mapping, args.level, Path.cwd() if args.study else None, args.study or "")
    print(json.dumps(found, indent=1) if args.json else "\n".join(map(visible, preference_lines(found))))
    return 0


def _sim_real_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="*", metavar="NAME", help="imported sets (default: all, or the study's own)")
    parser.add_argument("--study", help="the trials of this study's uplift, once it is built")
    parser.add_argument("--simulated", default="twin", metavar="DOMAIN", help="default: twin")
    parser.add_argument("--real", default="irl", metavar="DOMAIN", help="default: irl")
    parser.add_argument("--level", type=float, default=0.95, help="confidence level of every band (default: 0.95)")
    parser.add_argument("--json", action="store_true")
    common.root_argument(parser)
    common.colour_argument(parser)
    parser.set_defaults(act=_sim_real)


def _sim_real(args: argparse.Namespace) -> int:
    from compiler.render.columns import visible
    from compiler.render.sim_real import sim_real_lines
    from compiler.trials.imported import compare_domains

    _between(args.level)
    built = _built_trials(args) if args.study else None
    found = compare_domains(Path.cwd(), args.names, built, args.simulated, args.real, args.level)
    print(json.dumps(found, indent=1) if args.json else "\n".join(map(visible, sim_real_lines(found))))
    return 0


def _built_trials(args: argparse.Namespace) -> Path:
    """The table of trials of a study's uplift in the store."""
    project, node = _built_evidence(args)
    return project.store.joinpath(*node.address) / "trials.parquet"


def _built_evidence(args: argparse.Namespace) -> "tuple[Project, Node]":
    """The project, and the node that joined the trials of a study, once it is built."""
    from runtime.store.store import Store

    project, plan = common.planned(args)
    for node in plan.graph.nodes.values():
        if node.stage.role == "evidence" and Store(project.store).has(*node.address):
            return project, node
    raise ValueError(f"the uplift of study `{args.study}` is not built yet: `simkiln plan {args.study}` says what is missing")


def _twice_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("first", help="imported set")
    parser.add_argument("second", help="imported set of the same trials, run again")
    most = "disagreement that is put up with before pairing is refused (default: 5)"
    parser.add_argument("--at-most", type=float, default=5.0, metavar="POINTS", help=most)
    parser.add_argument("--level", type=float, default=0.95, help="confidence level of the exact band (default: 0.95)")
    common.colour_argument(parser)
    parser.set_defaults(act=_twice)


def _twice(args: argparse.Namespace) -> int:
    """0 when every domain reproduces, or too few trials were run twice to tell."""
    from compiler.trials.imported import run_twice
    from runtime.stats.table.reproducible import refuse_unreproducible

    _between(args.level)
    found = run_twice(Path.cwd(), args.first, args.second, args.level)
    for one in found:
        rate = f"{one.rate:.1f} points [{one.band.low:.1f}, {one.band.high:.1f}]"
        print(f"{one.domain}: {one.differing} of {one.trials} trials ended differently: {rate}")
    for note in refuse_unreproducible(found, args.at_most):
        print(f"note: {note}")
    return 0


def _export_arguments(parser: argparse.ArgumentParser) -> None:
    common.study_argument(parser)
    parser.add_argument("--out", metavar="FILE", help="default: build/trials/STUDY.parquet")
    common.root_argument(parser)
    common.colour_argument(parser)
    parser.set_defaults(act=_export)


def _export(args: argparse.Namespace) -> int:
    from compiler.project.revision import head
    from compiler.store.verify import strangers
    from compiler.trials.exported import export_trials, write_export
    from runtime.store.store import Store

    project, node = _built_evidence(args)
    store, out = Store(project.store), Path(args.out or f"build/trials/{args.study}.parquet")
    strangers(store, node)
    content = export_trials(store, node.address, project.root, head(project))
    write_export(out, content, args.study)
    print(f"{out}: {len(content):,} bytes; `simkiln trials join {out}` makes the study's figures from it, without a store")
    return 0


def _join_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", metavar="FILE", help="what `simkiln trials export` wrote")
    parser.add_argument("--by", metavar="FACTOR", help="rates and uplift under each word of a factor, such as `gap`")
    parser.add_argument("--json", action="store_true", help="with all that each study's own trials say")
    parser.add_argument("--csv", metavar="FILE", help="every comparison at every place, or by the factor; `-` prints it")
    parser.add_argument("--page", metavar="FILE.html", help="a page to look at or to send")
    common.colour_argument(parser)
    parser.set_defaults(act=_join)


def _join(args: argparse.Namespace) -> int:
    from compiler.render.across import across_lines, across_page, across_rows, by_lines, by_rows
    from compiler.render.columns import visible
    from compiler.trials.exported import join_exports
    from runtime.report.drawing.csv import table_csv

    if args.page and Path(args.page).suffix not in (".html", ".htm"):
        raise ValueError(f"`--page {args.page}` is no name of a page: let it end in `.html`")
    found = join_exports(args.files, args.by)
    rows = by_rows(found) if args.by is not None else across_rows(found)
    texts = {args.csv: table_csv(rows) if args.csv else "", args.page: across_page(found) if args.page else ""}
    for file, text in texts.items():
        if file not in (None, "-"):
            common.write(Path(file), text)
    if args.json:
        print(json.dumps(found, indent=1))
    elif args.csv == "-":
        sys.stdout.write(texts["-"])
    else:
        print("\n".join(map(visible, by_lines(found) if args.by is not None else across_lines(found))))
    return 0


def _between(level: float) -> None:
    if not 0.5 < level < 1:
        raise ValueError(f"`--level {level:g}` is not between 0.5 and 1")
