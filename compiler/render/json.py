"""Diagnostics as JSON: one object, so that later versions can add to it."""

import json
from typing import Any

from compiler.diagnostic import Diagnostic, Span


def render_json(diagnostics: list[Diagnostic]) -> str:
    """`{"diagnostics": [...]}`; lines and columns count from 1, end columns are exclusive."""
    return json.dumps({"diagnostics": [_plain(d) for d in diagnostics]}, indent=1, ensure_ascii=False)


def _plain(d: Diagnostic) -> dict[str, Any]:
    notes = [{"text": n.text} | ({"span": _span(n.span)} if n.span else {}) for n in d.notes]
    return {
        "code": d.code, "title": d.title, "severity": d.severity, "message": d.message, "span": _span(d.span),
        "notes": notes, "help": d.help, "url": d.url,
    }  # fmt: skip


def _span(span: Span) -> dict[str, Any]:
    return {
        "file": span.file, "line": span.line, "col": span.col, "end_line": span.end_line, "end_col": span.end_col,
    }  # fmt: skip
