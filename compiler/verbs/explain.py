"""Explain a diagnostic's code: what it means, an example, how to mend it."""

import argparse
import sys

from compiler.verbs import common


def arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `simkiln explain`."""
    words = parser.add_argument("codes", nargs="*", metavar="CODE", help="such as S103; without one, all are listed")
    common.completed(words, "codes")
    common.colour_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Print the pages, or the list of codes; 2 when there is no such code."""
    from compiler.diagnostics.pages import page, titles

    known = titles()
    if not args.codes:
        print(_listed(known))
        return 0
    wanted = [code.upper() for code in args.codes]
    if unknown := [code for code in wanted if code not in known]:
        for code in unknown:
            _unknown(code, known)
        return 2
    common.show_markdown("\n".join(page(code) for code in wanted), args.color)
    return 0


def _listed(known: dict[str, str], family: str = "") -> str:
    from compiler.diagnostics.pages import FAMILIES

    parts = []
    for letter, about in FAMILIES.items():
        lines = [f"  {code}  {title}" for code, title in known.items() if code[0] == letter]
        if lines and family in ("", letter):
            parts.append("\n".join([f"{letter}: {about}", *lines]))
    return "\n\n".join(parts)


def _unknown(code: str, known: dict[str, str]) -> None:
    from compiler.diagnostics.diagnostic import closest
    from compiler.diagnostics.pages import FAMILIES
    from compiler.render.columns import visible

    guess = closest(code, known)
    sys.stderr.write(f"simkiln: unknown code `{visible(code[:20])}`" + (f"; did you mean `{guess}`?" if guess else ""))
    family = code[:1] if code[:1] in FAMILIES else ""
    sys.stderr.write(f"\n\n{_listed(known, family)}\n")
