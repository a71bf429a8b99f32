"""Check again whenever a spec is saved; Ctrl-C ends it."""

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from compiler.verbs import common

if TYPE_CHECKING:
    from compiler.diagnostics.diagnostic import Diagnostic
    from compiler.project.held import Held

CLEAR = "\x1b[2J\x1b[3J\x1b[H"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `simkiln watch`."""
    common.root_argument(parser)
    common.study_argument(parser, None, "only what this study uses")
    common.colour_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Check until the person has seen enough; then 0."""
    from compiler.editor.watch import changes, snapshot
    from compiler.project.held import Held

    root, held = Path.cwd(), Held()
    try:
        state = snapshot(root)
        before = _check(args, held, [], None)
        for names in changes(root, state):
            before = _check(args, held, names, before)
    except KeyboardInterrupt:
        print()
    return 0


def _check(args: argparse.Namespace, held: "Held", names: list[str], before: "list[Diagnostic] | None") -> "list[Diagnostic]":
    from compiler.editor.watch import compare
    from compiler.laws.check import check
    from compiler.render.terminal import wants_colour

    project = common.project(args, held)
    found = check(project, args.study)
    change = compare(found if before is None else before, found)
    if sys.stdout.isatty():
        print(CLEAR, end="")
    print(f"[{time.strftime('%H:%M:%S')}] {_named(names) or 'watching the specs; Ctrl-C ends'}")
    choice = "always" if wants_colour(sys.stdout, args.color) else "never"
    print(common.as_text(project.lines, found, choice), end="")
    for word, those in (("new", change.new), ("mended", change.mended)):
        for d in those:
            print(f"{word}: {_line(d)}")
    print(flush=True)
    return found


def _named(names: list[str], most: int = 3) -> str:
    from compiler.render.columns import visible

    more = f" and {len(names) - most} more" if len(names) > most else ""
    return visible(", ".join(names[:most])) + more + " changed" if names else ""


def _line(d: "Diagnostic") -> str:
    from compiler.render.columns import visible

    return visible(f"{d.severity}[{d.code}] {d.span}: {d.message}")
