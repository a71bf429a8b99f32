"""What several verbs share: arguments, opening the project, naming nodes, showing diagnostics."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compiler.diagnostic import Diagnostic
    from compiler.load import Project
    from compiler.node import Graph, Node


def root_argument(parser: argparse.ArgumentParser) -> None:
    """`--root NAME=DIR`, any number of times."""
    parser.add_argument("--root", action="append", default=[], metavar="NAME=DIR", help="folder of a capture root")


def study_argument(parser: argparse.ArgumentParser) -> None:
    """The study as a word of its own."""
    parser.add_argument("study", nargs="?", default="study", help="id of the study (default: study)")


def node_arguments(parser: argparse.ArgumentParser) -> None:
    """A node's name, and the study that it is looked for in."""
    parser.add_argument("node", help="STAGE, STAGE/SCOPE, or the start of a fingerprint")
    parser.add_argument("--study", default="study", help="id of the study (default: study)")


def project(args: argparse.Namespace) -> "Project":
    """The project in the current folder, with the roots that were given.

    Raises:
        ValueError: when a `--root` is not of the form NAME=DIR.
    """
    from compiler.compile import open_project, parse_roots

    return open_project(Path.cwd(), parse_roots(args.root))


def find(graph: "Graph", name: str) -> "list[Node]":
    """The nodes that a name means.

    Raises:
        ValueError: when there is none; it says which name is close.
    """
    found = graph.find(name)
    if not found:
        from compiler.diagnostic import did_you_mean

        labels = [n.label for n in graph.nodes.values()]
        raise ValueError(f"no node `{name}` in study `{graph.study}`; {did_you_mean(name, labels, 'nodes', 6)}")
    return found


def show(opened: "Project", diagnostics: "list[Diagnostic]", form: str = "text") -> int:
    """Print diagnostics in a form and return the exit code: 1 when one of them is an error."""
    from compiler.render import RENDERERS
    from compiler.render.text import render_text

    errors = sum(1 for d in diagnostics if d.severity == "error")
    if form == "text":
        sys.stderr.write("\n".join(render_text(d, opened.lines(d.span.file)) for d in diagnostics))
        summary = f"{errors} error{'s' if errors != 1 else ''}" if errors else "all specs are fine"
        sys.stderr.write(f"{chr(10) if diagnostics else ''}{summary}\n")
    else:
        print(RENDERERS[form](diagnostics))
    return 1 if errors else 0
