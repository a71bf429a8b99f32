"""Columns of a terminal: rows of cells below each other, and where a caret must stand below wide and zero-width characters."""

import json
import unicodedata
from collections.abc import Sequence
from typing import Any

TAB = 4
"""Columns of a tab; a tab is shown as that many spaces wherever it stands."""
WIDEST = 100
"""Columns of an excerpt; longer lines are cut on either side of the span."""


def visible(text: str) -> str:
    """Text with what a terminal would obey, or what has no glyph, replaced; a spec cannot move the cursor."""
    return "".join(c if c.isprintable() else "\ufffd" for c in text)


def width(character: str) -> int:
    """Columns that a character takes."""
    if character == "\t":
        return TAB
    if not character.isprintable():  # shown as a replacement character
        return 1
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def excerpt(text: str, start: int, end: int) -> tuple[str, int, int]:
    """The part of a line around the characters `[start, end)`.

    Returns:
        The text to show, the columns before the span, and the columns of the span, at least 1.
    """
    start, end = min(start, len(text)), min(end, len(text))
    first, last = _window(text, start, end)
    lead, tail = "…" * (first > 0), "…" * (last < len(text))
    before = len(lead) + sum(map(width, text[first:start]))
    covered = sum(map(width, text[start : min(end, last)]))
    shown = "".join(" " * TAB if c == "\t" else visible(c) for c in text[first:last])
    return lead + shown + tail, before, max(1, covered)


def _window(text: str, start: int, end: int) -> tuple[int, int]:
    """First and last character to show: the whole line where it fits, else what stands around the span."""
    budget = WIDEST - 2
    if len(text) <= 4 * WIDEST and sum(map(width, text)) <= WIDEST:
        return 0, len(text)
    first = start
    room = min(budget // 3, max(12, budget - sum(map(width, text[start : min(end, start + budget)]))))
    while first > 0 and room >= width(text[first - 1]):
        first -= 1
        room -= width(text[first])
    last, used = first, 0
    while last < len(text) and used + width(text[last]) <= budget:
        used += width(text[last])
        last += 1
    return first, last


def utf16(text: str, characters: int) -> int:
    """UTF-16 code units of the first characters of a line; a character beyond the basic plane takes two."""
    return min(characters, len(text)) + sum(c > "\uffff" for c in text[:characters])


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as indented lines with the cells of a column below each other; control characters are made visible."""
    shown = [[visible(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    return ["  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in shown]


def short(value: Any, limit: int = 60) -> str:
    """A JSON value on one line of at most `limit` characters; numbers with six digits."""
    text = f"{value:.6g}" if isinstance(value, float) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
