"""Check every spec of the project; `--fix` mends what can be mended safely."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from compiler.verbs import common

if TYPE_CHECKING:
    from compiler.diagnostics.diagnostic import Diagnostic
    from compiler.fix.propose import Proposal

FORMATS = ("github", "json", "sarif", "text")
"""Names of the renderers, so that starting need not import them; a test holds the two equal."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `simkiln check`."""
    common.root_argument(parser)
    parser.add_argument("--format", choices=FORMATS, default="text")
    common.study_argument(parser, None, "only what this study uses")
    parser.add_argument("--fix", action="store_true", help="show safe fixes as a diff, ask, and make them")
    parser.add_argument("--yes", action="store_true", help="with --fix: make them without asking")
    common.colour_argument(parser)


def run(args: argparse.Namespace) -> int:
    """0 when there is no error; warnings are shown.

    Raises:
        ValueError: when flags do not go together, or a file changed between the diff and the fix.
    """
    from compiler.laws.check import check

    if args.fix and args.format != "text":
        raise ValueError("`--fix` shows text only: leave `--format` out")
    if args.yes and not args.fix:
        raise ValueError("`--yes` belongs to `--fix`")
    if args.fix and _fix(args):
        return 1
    project = common.project(args)
    found = check(project, args.study)
    away = [d for d in found if _merely_elsewhere(d)] if args.format == "text" else []
    code = common.show(project, [d for d in found if d not in away], args.format, args.color)
    if away:
        roots = ", ".join(dict.fromkeys(f"`{d.message.split('`')[1]}`" for d in away))
        sys.stderr.write(f"not looked into, as this machine does not say where it is: {roots} (simkiln explain R206)\n")
    return code


def _merely_elsewhere(found: "Diagnostic") -> bool:
    """Whether it says no more than that data of some study lies on other machines: nothing to mend in a fresh clone."""
    return found.code == "R206" and found.severity == "warning" and "is not set" in found.message and "mean" not in found.help


def _fix(args: argparse.Namespace) -> bool:
    """Show the fixes and make them; true when they were there but were not to be made."""
    from compiler.fix.apply import write_document
    from compiler.fix.propose import propose
    from compiler.plan.study import open_project
    from compiler.project.held import Held
    from compiler.project.roots import parse_roots

    root, roots, held = Path.cwd(), parse_roots(args.root), Held()

    proposal = propose(lambda overlay: open_project(root, roots, overlay, held), args.study)
    if not proposal.texts:
        sys.stderr.write("nothing to fix\n")
        return False
    _show_diff(proposal, args.color)
    if not args.yes and not _agreed(len(proposal.texts)):
        return True
    for name, text in proposal.texts.items():
        write_document(proposal.documents[name], text)
    sys.stderr.write(f"fixed: {', '.join(sorted(proposal.texts))}\n")
    return False


def _show_diff(proposal: "Proposal", choice: str) -> None:
    from compiler.fix.apply import diff
    from compiler.render.columns import visible
    from compiler.render.terminal import wants_colour

    shades = {"+": "\x1b[32m", "-": "\x1b[31m", "@": "\x1b[36m"} if wants_colour(sys.stdout, choice) else {}
    for name, text in sorted(proposal.texts.items()):
        for line in diff(name, proposal.documents[name].text, text):
            shade = shades.get(line[:1], "")
            print(f"{shade}{visible(line.replace(chr(9), '    '))}" + ("\x1b[0m" if shade else ""))


def _agreed(files: int) -> bool:
    """What the person at the terminal says; without one, no."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        sys.stderr.write("nothing was written: `--yes` makes these fixes\n")
        return False
    sys.stdout.flush()
    try:
        answer = input(f"make these fixes in {files} file{'s' * (files != 1)}? [y/N] ")
    except EOFError:
        answer = ""
    if answer.strip().lower() in ("y", "yes"):
        return True
    sys.stderr.write("nothing was written\n")
    return False
