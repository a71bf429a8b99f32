"""What several verbs share: arguments, opening the project, naming nodes, showing diagnostics."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from compiler.diagnostics.diagnostic import Diagnostic
    from compiler.graph.graph import Graph
    from compiler.graph.node import Node
    from compiler.plan.plan import Plan
    from compiler.project.held import Held
    from compiler.project.project import Project
    from compiler.render.text import LinesOf


def root_argument(parser: argparse.ArgumentParser) -> None:
    """`--root NAME=DIR`, any number of times."""
    parser.add_argument("--root", action="append", default=[], metavar="NAME=DIR", help="folder of a capture root")


def study_argument(parser: argparse.ArgumentParser, default: str | None = "study", help: str = "the study, by its id") -> None:
    """The study as a word of its own, or by `--study` as verbs about nodes take it."""
    said = f"{help} (default: {default})" if default else help
    completed(parser.add_argument("study", nargs="?", default=argparse.SUPPRESS, help=said), "studies")
    completed(parser.add_argument("--study", default=default, help=argparse.SUPPRESS), "studies")


def colour_argument(parser: argparse.ArgumentParser) -> None:
    """`--color auto|always|never`."""
    parser.add_argument("--color", choices=("auto", "always", "never"), default="auto", help="default: on a terminal")


def anywhere_arguments(parser: argparse.ArgumentParser) -> None:
    """A node's name, looked for in all studies and in the store, and `--root`."""
    help = "STAGE, STAGE/SCOPE, or the start of a fingerprint, planned or only in the store"
    completed(parser.add_argument("node", help=help), "nodes")
    completed(parser.add_argument("--study", help="look in this study only (default: all, and the store)"), "studies")
    root_argument(parser)


def completed(argument: argparse.Action, function: str) -> None:
    """The shell completes this argument with what a function of `compiler.verbs.complete` returns."""

    def complete(**asked: Any) -> list[str]:
        from compiler.verbs import complete as functions

        return getattr(functions, function)(**asked)

    argument.completer = complete  # ty: ignore[missing-attribute]


def project(args: argparse.Namespace, held: "Held | None" = None) -> "Project":
    """The project in the current folder, with the roots that were given; `held` is what was read of it before.

    Raises:
        ValueError: when a `--root` is not of the form NAME=DIR.
    """
    from compiler.plan.study import open_project
    from compiler.project.roots import parse_roots

    return open_project(Path.cwd(), parse_roots(args.root), held=held)


def planned(args: argparse.Namespace) -> "tuple[Project, Plan]":
    """That project, and the plan of the study that was named.

    Raises:
        SpecsRefused: when a spec that the study uses has an error.
    """
    from compiler.plan.study import plan_study

    opened = project(args)
    return opened, plan_study(opened, args.study)


def say_not_built(study: str) -> None:
    """Say on stderr that a study has no report yet."""
    sys.stderr.write(f"the report of `{study}` is not built: run `simkiln run {study}`\n")


def write(path: Path, text: str) -> None:
    """Write a text with the line ends that it has.

    Raises:
        ValueError: when that cannot be.
    """
    try:
        path.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise ValueError(f"{path} cannot be written: {(error.strerror or str(error)).lower()}") from error


def find(graph: "Graph", name: str) -> "list[Node]":
    """The nodes that a name means.

    Raises:
        ValueError: when there is none; it says which name is close.
    """
    found = graph.find(name)
    if not found:
        from compiler.diagnostics.diagnostic import did_you_mean

        labels = [n.label for n in graph.nodes.values()]
        raise ValueError(f"no node `{name}` in study `{graph.study}`; {did_you_mean(name, labels, 'nodes', 6)}")
    return found


def show(opened: "Project", diagnostics: "list[Diagnostic]", form: str = "text", colour: str = "auto") -> int:
    """Print diagnostics in a form and return the exit code: 1 when one of them is an error."""
    if form == "text":
        sys.stderr.write(as_text(opened.lines, diagnostics, colour))
    else:
        from compiler.render import RENDERERS

        print(RENDERERS[form](diagnostics, opened.lines))
    return 1 if any(d.severity == "error" for d in diagnostics) else 0


def as_text(lines_of: "LinesOf", diagnostics: "list[Diagnostic]", colour: str = "auto") -> str:
    """Diagnostics for people, and how many errors there are."""
    from compiler.render.terminal import wants_colour
    from compiler.render.text import more_about, render_text

    shown = wants_colour(sys.stderr, colour)
    errors = sum(1 for d in diagnostics if d.severity == "error")
    out = "\n".join(render_text(d, lines_of(d.span.file), shown) for d in diagnostics)
    summary = f"{errors} error{'s' if errors != 1 else ''}" if errors else "all specs are fine"
    more = f"; more: {more_about(diagnostics)}" if diagnostics else ""
    return out + ("\n" if diagnostics else "") + summary + more + "\n"


def show_markdown(text: str, choice: str) -> None:
    """Markdown laid out on a terminal, or as it is written where a program reads it."""
    from compiler.render.terminal import wants_colour

    if not (sys.stdout.isatty() or choice == "always"):
        print(text, end="")
        return
    from rich.console import Console
    from rich.markdown import Markdown

    coloured = wants_colour(sys.stdout, choice)
    console = Console(no_color=not coloured, force_terminal=coloured or None, highlight=False)
    console.print(Markdown(text, code_theme="ansi_dark"))
