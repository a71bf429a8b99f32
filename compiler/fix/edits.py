"""A diagnostic's fix as edits: stretches of lines and the text that takes their place."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from compiler.diagnostics.diagnostic import Diagnostic, Fix, Span
from compiler.reading.scalar import type_of

_PLAIN = re.compile(r"[^\s,\[\]{}#&*!|>'\"%@`?:-](?:[^,\[\]{}#:\"']*[^\s,\[\]{}#:\"'])?")
"""Plain scalars that are the same in every place of a spec; others are left to people."""
_BLOCK_ITEM = re.compile(r"\s*-\s+")


@dataclass(frozen=True, order=True)
class Edit:
    """Put `text` in the place of `span`. A span may end at column 1 of the line after the last: the whole line goes."""

    span: Span
    text: str


def edit_of(diagnostic: Diagnostic, lines: Sequence[str] | None) -> Edit | None:
    """The edit that mends a diagnostic, or None where it has no fix or the text is not as simple as the fix needs."""
    fix, span = diagnostic.fix, diagnostic.span
    if fix is None or not lines or span.line != span.end_line or span.line > len(lines):
        return None
    line = lines[span.line - 1]
    if fix.kind == "remove":
        return _without(span, line)
    text = _instead(fix, line[span.col - 1 : span.end_col - 1])
    return None if text is None else Edit(span, text)


def scalar(word: str) -> str:
    """A word as YAML that reads as this very text."""
    return word if type_of(word) is str and _PLAIN.fullmatch(word) else f"'{word.replace(chr(39), 2 * chr(39))}'"


def _instead(fix: Fix, written: str) -> str | None:
    quote = written[:1] if written[:1] in ("'", '"') and written[-1:] == written[:1] and len(written) > 1 else ""
    inner = written[1:-1] if quote else written
    if (quote and (quote in inner or "\\" in inner)) or not (
        quote or _PLAIN.fullmatch(written) or type_of(written) in (int, float)
    ):
        return None
    if fix.kind == "word":
        return (f"{quote}{fix.word}{quote}" if quote else scalar(fix.word)) if inner == fix.was else None
    if fix.kind == "value":
        return fix.word if inner == fix.was else None
    if fix.kind == "quote":
        return None if quote else f'"{written}"'
    return inner if quote and type_of(inner) is not str else None


def _without(span: Span, line: str) -> Edit | None:
    """Without one item of a list: its whole line, or the item and one comma."""
    before, after = line[: span.col - 1], line[span.end_col - 1 :]
    rest = after.lstrip()
    alone = not before.strip() and rest in ("", ",")
    if (_BLOCK_ITEM.fullmatch(before) and not rest) or alone:
        return Edit(Span(span.file, span.line, 1, span.line + 1, 1), "")
    if before.rstrip().endswith(","):
        start = len(before.rstrip()[:-1].rstrip()) + 1
        return Edit(Span(span.file, span.line, start, span.line, span.end_col), "")
    if rest.startswith(",") and before.rstrip().endswith("["):
        end = span.end_col + len(after) - len(rest[1:].lstrip())
        return Edit(Span(span.file, span.line, span.col, span.line, end), "")
    return None
