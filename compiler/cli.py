"""The verbs of `simkiln`, and the only place that prints. Exit code 0: fine, 1: something to mend, 2: wrong usage."""

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from compiler.compile import ROOTS_VARIABLE, SpecsRefused, open_project, parse_roots, plan_study, publish_report
from compiler.diagnostic import Diagnostic
from compiler.load import Project
from compiler.node import Graph, Node
from compiler.plan import State
from compiler.render import RENDERERS
from compiler.render.text import render_text
from compiler.why import explain
from runtime.problem import InputError
from runtime.store import DamagedArtifact, Store

SIGNS = {State.BUILD: "+", State.REUSE: "=", State.UNNEEDED: " "}


def main(argv: list[str] | None = None) -> int:
    """Run one verb and return its exit code."""
    args = _parser().parse_args(argv)
    try:
        args.roots = parse_roots(args.root)
        return args.verb(args)
    except SpecsRefused as refused:
        return _show(args, refused.diagnostics)
    except InputError as error:
        for problem in error.problems:
            sys.stderr.write(f"error[{problem.code}]: {problem.message}\n   = help: {problem.help}\n")
        return 1
    except ValueError as error:
        sys.stderr.write(f"simkiln: {error}\n")
        return 2
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def check(args: argparse.Namespace) -> int:
    """Check every spec of the project."""
    from compiler.check import check as check_project

    project = _project(args)
    return _show(args, check_project(project, args.study), project)


def plan(args: argparse.Namespace) -> int:
    """Show what would be built and what is reused."""
    found = plan_study(_project(args), args.study)
    counts = {str(state): found.count(state) for state in State}
    if args.json:
        nodes = [{"label": n.label, "stage": n.stage.name, "fingerprint": n.fingerprint,
                  "state": str(found.states[n.address])} for n in found.graph.nodes.values()]  # fmt: skip
        print(json.dumps({"study": found.graph.study, "counts": counts, "nodes": nodes}, indent=1))
        return 0
    for location, nodes in _by_location(found.graph).items():
        print(location)
        for stage, group in _by_stage(nodes).items():
            states = [found.states[n.address] for n in group]
            for state in State:
                if (number := states.count(state)) and (args.all or state is not State.UNNEEDED):
                    print(f"  {SIGNS[state]} {stage:<11} {number:>4} {state}")
    minutes = found.cpu_minutes()
    print(f"{counts['build']} to build, {counts['reuse']} reused; declared cost {minutes:.0f} CPU-minutes")
    return 0


def why(args: argparse.Namespace) -> int:
    """Say why a node is built, or is not."""
    project = _project(args)
    found = plan_study(project, args.study)
    for node in _find(found.graph, args.node):
        print(f"{node.label}  {node.stage.name}/{node.fingerprint}  ({found.states[node.address]})")
        for reason in explain(node, found, Store(project.store)):
            print(f"  {reason.text}" + (f"  [{reason.at}]" if reason.at else ""))
    return 0


def where(args: argparse.Namespace) -> int:
    """Print the folder of a node's artifact."""
    project = _project(args)
    store = Store(project.store)
    found = _find(plan_study(project, args.study).graph, args.node)
    for node in found:
        mark = "" if store.has(*node.address) else "  (not built)"
        print(f"{os.path.relpath(store.path(*node.address))}{mark}")
    return 0 if all(store.has(*n.address) for n in found) else 1


def run(args: argparse.Namespace) -> int:
    """Build what is missing, with a progress display."""
    from compiler.failures import explain_failures
    from compiler.progress import watch

    project = _project(args)
    found = plan_study(project, args.study)
    total = found.count(State.BUILD)
    command = [sys.executable, "-m", "snakemake", "--cores", str(args.cores), "--quiet", "all"]
    environment = {**os.environ}
    if args.roots:
        environment[ROOTS_VARIABLE] = os.pathsep.join(f"{name}={folder}" for name, folder in args.roots.items())
    command += ["--config", f"study={args.study}"]
    code = watch(command, environment, project.root, total)
    if code:
        sys.stderr.write(explain_failures(project.root))
    report_file = project.root / "build" / "report" / f"{args.study}.html"
    if code == 0 and report_file.exists():
        print(f"report: {report_file.relative_to(project.root)}")
    return 1 if code else 0


def report(args: argparse.Namespace) -> int:
    """Write the report again with today's titles; say so when it is not built yet."""
    project = _project(args)
    found = plan_study(project, args.study)
    written = publish_report(project, found.graph)
    if written is None:
        sys.stderr.write(f"the report of `{args.study}` is not built: run `simkiln run {args.study}`\n")
        return 1
    return 0


def verify(args: argparse.Namespace) -> int:
    """Check every digest in the store; set damaged artifacts aside, so that they are planned again."""
    store = Store(_project(args).store)
    whole = damaged = 0
    for stage, fingerprints in sorted(store.listing().items()):
        for fingerprint in sorted(fingerprints):
            try:
                store.check(stage, fingerprint)
                whole += 1
            except DamagedArtifact as damage:
                damaged += 1
                print(f"damaged: {damage}; kept as {os.path.relpath(store.set_aside(stage, fingerprint))}")
    print(f"{whole} whole, {damaged} damaged")
    return 1 if damaged else 0


def schema(args: argparse.Namespace) -> int:
    """Write `schema/*.schema.json` from the models."""
    from compiler.schema import write_schemas

    for path in write_schemas(Path.cwd() / "schema"):
        print(os.path.relpath(path))
    return 0


VERBS: dict[str, Callable[[argparse.Namespace], int]] = {
    "check": check, "plan": plan, "why": why, "where": where, "run": run, "report": report, "verify": verify,
    "schema": schema,
}  # fmt: skip


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="simkiln", description="Compile experiment specs, build what is missing.")
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    for name, function in VERBS.items():
        verb = verbs.add_parser(name, help=function.__doc__, description=function.__doc__)
        verb.set_defaults(verb=function, format="text", root=[], study=None, json=False)
        if name == "schema":
            continue
        verb.add_argument("--root", action="append", metavar="NAME=DIR", help="folder of a capture root")
        if name == "verify":
            continue
        if name == "check":
            verb.add_argument("--format", choices=sorted(RENDERERS), default="text")
            verb.add_argument("--study", help="only what this study uses")
            continue
        if name in ("why", "where"):
            verb.add_argument("node", help="STAGE, STAGE/SCOPE, or the start of a fingerprint")
            verb.add_argument("--study", default="study")
        else:
            verb.add_argument("study", nargs="?", default="study", help="id of the study (default: study)")
        if name == "plan":
            verb.add_argument("--json", action="store_true")
            verb.add_argument("--all", action="store_true", help="also what is not needed")
        if name == "run":
            verb.add_argument("--cores", default="all")
    return parser


def _project(args: argparse.Namespace) -> Project:
    return open_project(Path.cwd(), args.roots)


def _show(args: argparse.Namespace, diagnostics: list[Diagnostic], project: Project | None = None) -> int:
    project = project or _project(args)
    errors = sum(1 for d in diagnostics if d.severity == "error")
    if args.format == "text":
        sys.stderr.write("\n".join(render_text(d, project.lines(d.span.file)) for d in diagnostics))
        summary = f"{errors} error{'s' if errors != 1 else ''}" if errors else "all specs are fine"
        sys.stderr.write(f"{chr(10) if diagnostics else ''}{summary}\n")
    else:
        print(RENDERERS[args.format](diagnostics))
    return 1 if errors else 0


def _find(graph: Graph, name: str) -> list[Node]:
    found = graph.find(name)
    if not found:
        from compiler.diagnostic import did_you_mean

        labels = [n.label for n in graph.nodes.values()]
        raise ValueError(f"no node `{name}` in study `{graph.study}`; {did_you_mean(name, labels, 'nodes', 6)}")
    return found


def _by_location(graph: Graph) -> dict[str, list[Node]]:
    groups: dict[str, list[Node]] = {}
    for node in graph.nodes.values():
        groups.setdefault(node.scope.location or f"study {graph.study}", []).append(node)
    return groups


def _by_stage(nodes: list[Node]) -> dict[str, list[Node]]:
    groups: dict[str, list[Node]] = {}
    for node in nodes:
        groups.setdefault(node.stage.name, []).append(node)
    return groups


if __name__ == "__main__":
    sys.exit(main())
