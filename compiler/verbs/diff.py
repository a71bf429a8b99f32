"""Say what differs between two approaches of a study, two git revisions (and artifacts they share), or two studies' results."""

import argparse
import json
import sys
from contextlib import ExitStack
from dataclasses import asdict
from typing import TYPE_CHECKING

from compiler.verbs import common

if TYPE_CHECKING:
    from compiler.diagnostics.diagnostic import Diagnostic
    from compiler.graph.graph import Graph
    from compiler.project.project import Project
    from compiler.why.diff import Change, Side, Tally

NOT_HERE = "R206"
"""Code of a root that this machine does not have: no fault of the specs."""
SHOWN = 30
"""Differences that are shown; the rest is counted."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `simkiln diff`."""
    parser.add_argument("a", help="an approach, a git revision (`.` is the work tree), or a study or its report with --results")
    parser.add_argument("b", help="another one")
    forms = parser.add_mutually_exclusive_group()
    forms.add_argument("--approaches", action="store_true", help="A and B are approaches")
    forms.add_argument("--revisions", action="store_true", help="A and B are revisions")
    results = "A and B are studies, or reports such as build/report/STUDY.json: which numbers moved beyond their bands"
    forms.add_argument("--results", action="store_true", help=results)
    parser.add_argument("--study", help="the study (default: one with both approaches; all studies of the revisions)")
    common.root_argument(parser)
    parser.add_argument("--all", action="store_true", help="every difference, however many")
    parser.add_argument("--json", action="store_true")


def run(args: argparse.Namespace) -> int:
    """0 whether or not something differs; 1 when specs have errors."""
    from compiler.why.diff import changes, tallies
    from runtime.store.store import Store

    project = common.project(args)
    if args.results or (args.a.endswith(".json") and args.b.endswith(".json")):
        return _results(project, args)
    with ExitStack() as stack:
        a, b, about = _approaches(project, args) if _means_approaches(project, args) else _revisions(project, args, stack)
        found, counts = changes(a, b), tallies(a, b, Store(project.store).listing())
    if args.json:
        told = {"changes": [asdict(change) for change in found], "artifacts": [asdict(tally) for tally in counts]}
        print(json.dumps({"a": a.name, "b": b.name, **about, **told}, indent=1))
        return 0
    studies = ", ".join(f"`{study}`" for study in about["studies"])
    print(f"{a.name} -> {b.name}  ({'study' if len(about['studies']) == 1 else 'studies'} {studies})")
    for side, names in (("only_a", a.name), ("only_b", b.name)):
        for study in about.get(side, []):
            print(f"study `{study}` is only in {names}")
    print("\n".join(_changes(found, None if args.all else SHOWN)))
    print("\n".join(_table(a.name, b.name, counts)))
    return 0


def _results(project: "Project", args: argparse.Namespace) -> int:
    """0 whether or not a number moved."""
    from compiler.render.columns import visible
    from compiler.report.results import result_lines, result_of, verdicts
    from runtime.stats.inference.moved import moved

    before, after = (result_of(project, name) for name in (args.a, args.b))
    found, changed = moved(before["evidence"], after["evidence"]), verdicts(before, after)
    if args.json:
        rows = [{**one._asdict(), "band": one.band.to_json()} for one in found]
        print(json.dumps({"a": args.a, "b": args.b, "numbers": rows, "verdicts": changed}, indent=1))
    else:
        print("\n".join(map(visible, result_lines((args.a, args.b), found, changed, None if args.all else SHOWN))))
    return 0


def _means_approaches(project: "Project", args: argparse.Namespace) -> bool:
    """Whether the two names are approaches; approaches come first where a name may be both."""
    from compiler.diagnostics.diagnostic import did_you_mean

    known = sorted([*project.ids("approach"), *project.arms])
    unknown = [name for name in (args.a, args.b) if name not in known]
    if args.approaches and unknown:
        raise ValueError(f"unknown approach `{unknown[0]}`; {did_you_mean(unknown[0], known, 'approaches')}")
    if len(unknown) == 1 and not args.revisions:
        other = args.a if unknown[0] == args.b else args.b
        raise ValueError(
            f"`{other}` is an approach, but `{unknown[0]}` is not; "
            f"say --revisions, or {did_you_mean(unknown[0], known, 'approaches')}"
        )
    return not unknown and not args.revisions


def _approaches(project: "Project", args: argparse.Namespace) -> "tuple[Side, Side, dict[str, list[str]]]":
    from compiler.plan.study import plan_study
    from compiler.why.diff import approach_side

    both = [n for n, study in project.studies.items() if {args.a, args.b} <= set(study.approaches)]
    study = args.study or next(iter(sorted(both, key=lambda n: n != "study")), None)
    if study is None:
        raise ValueError(f"no study compares `{args.a}` with `{args.b}`")
    if study in project.studies and study not in both:
        raise ValueError(f"study `{study}` does not list both `{args.a}` and `{args.b}`")
    graph = plan_study(project, study).graph
    return approach_side(project, graph, args.a), approach_side(project, graph, args.b), {"studies": [study]}


def _revisions(project: "Project", args: argparse.Namespace, stack: ExitStack) -> "tuple[Side, Side, dict[str, list[str]]]":
    from compiler.plan.study import SpecsRefused, plan_study
    from compiler.project.revision import at_revision
    from compiler.why.diff import study_side

    projects = [stack.enter_context(at_revision(project, name)) for name in (args.a, args.b)]
    ids = [set(p.ids("study")) & ({args.study} if args.study else set(p.ids("study"))) for p in projects]
    if not ids[0] and not ids[1]:
        raise ValueError(f"there is no study `{args.study}` at either revision")
    graphs: list[dict[str, Graph]] = [{}, {}]
    elsewhere: dict[str, list[Diagnostic]] = {}
    for name, one, studies, made in zip((args.a, args.b), projects, ids, graphs, strict=True):
        for study in sorted(studies):
            try:
                made[study] = plan_study(one, study).graph
            except SpecsRefused as refused:
                if args.study is None and {d.code for d in refused.errors} == {NOT_HERE}:
                    elsewhere[study] = refused.errors
                    continue
                sys.stderr.write(f"at {'the work tree' if name == '.' else f'revision `{name}`'}:\n")
                raise
    if elsewhere:
        left = ", ".join(f"`{study}`" for study in sorted(elsewhere))
        sys.stderr.write(f"not compared: {left}; {next(iter(elsewhere.values()))[0].message} (simkiln explain {NOT_HERE})\n")
    ids = [studies - elsewhere.keys() for studies in ids]
    sides = [
        study_side("work tree" if name == "." else name, [(one, made[study]) for study in sorted(studies)])
        for name, one, made, studies in zip((args.a, args.b), projects, graphs, ids, strict=True)
    ]
    about = {"studies": sorted(ids[0] | ids[1]), "only_a": sorted(ids[0] - ids[1]), "only_b": sorted(ids[1] - ids[0])}
    return sides[0], sides[1], about


def _changes(found: "list[Change]", limit: int | None) -> list[str]:
    from compiler.render.columns import columns, short

    lines, shown = [], found[:limit]
    for what in dict.fromkeys(change.what for change in shown):
        rows = [
            (
                f"{c.stage}.{c.name}",
                f"{short(c.old, 40)} -> {short(c.new, 40)}",
                f"{c.old_at} -> {c.new_at}{' and other lines' * c.elsewhere}" if c.old_at or c.new_at else "",
                f"{c.count} node{'s' * (c.count != 1)}",
            )
            for c in shown
            if c.what == what
        ]
        lines += ["", "libraries" if what == "library" else f"{what}s", *columns(rows)]
    if len(found) > len(shown):
        lines.append(f"  … {len(found) - len(shown)} more, with --all")
    return lines or ["", "no parameter, input or back end differs where both have a node"]


def _table(a: str, b: str, counts: "list[Tally]") -> list[str]:
    from compiler.render.columns import columns

    rows = [("", "shared", f"only {a}", f"only {b}")]
    for one in counts:
        pairs = ((one.shared, one.shared_stored), (one.only_a, one.only_a_stored), (one.only_b, one.only_b_stored))
        shared, only_a, only_b = (f"{count} ({stored})" if count else "0" for count, stored in pairs)
        rows.append((one.stage, shared, only_a, only_b))
    return ["", "artifacts (in the store)", *columns(rows)]
