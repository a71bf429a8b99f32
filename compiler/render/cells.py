"""Rows of text in columns, and values on one short line."""

import json
from collections.abc import Sequence
from typing import Any

from compiler.render.columns import visible


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as indented lines with the cells of a column below each other; control characters are made visible."""
    shown = [[visible(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    return ["  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in shown]


def short(value: Any, limit: int = 60) -> str:
    """A JSON value on one line of at most `limit` characters; numbers with six digits."""
    text = f"{value:.6g}" if isinstance(value, float) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
