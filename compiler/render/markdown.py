"""Markdown in which nothing that a spec says is more than text."""

import re

from compiler.render.columns import visible

MOST_BYTES = 60_000
"""GitHub takes 65,536 characters."""
MOST_TEXT = 240
CUT = "\n\n*cut: too long for a comment*\n"


def code(text: str, limit: int = MOST_TEXT) -> str:
    """Text as inline code, where Markdown, HTML, mentions, links and issue numbers mean nothing.

    The fence is longer than any run of backticks inside, so nothing can close it; line ends become visible.
    """
    shown = visible(text)
    shown = shown if len(shown) <= limit else shown[: limit - 1] + "…"
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", shown)), default=0))
    pad = " " if not shown or shown[0] in " `" or shown[-1] in " `" else ""
    return f"{fence}{pad}{shown or '-'}{pad}{fence}"


def shortened(text: str) -> str:
    """The text, cut at a line where it is longer than GitHub takes."""
    encoded = text.encode()
    if len(encoded) <= MOST_BYTES:
        return text
    kept = encoded[: MOST_BYTES - len(CUT)].decode(errors="ignore")
    return kept[: kept.rindex("\n")] + CUT
