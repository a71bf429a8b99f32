"""Diagnostics as JSON: one object, so that later versions can add to it."""

import json
from dataclasses import asdict
from typing import Any

from compiler.diagnostics.diagnostic import Diagnostic
from compiler.fix.edits import edit_of
from compiler.render.text import LinesOf, no_lines


def render_json(diagnostics: list[Diagnostic], lines_of: LinesOf = no_lines) -> str:
    """`{"diagnostics": [...]}`; lines and columns count from 1 in characters, end columns are exclusive.

    `fix`, where there is one, is the edit that `simkiln check --fix` would make: a span and the text in its place.
    """
    return shown_json({"diagnostics": [_plain(d, lines_of) for d in diagnostics]})


def shown_json(value: Any) -> str:
    """JSON that people can read and a terminal does not obey: characters without a glyph are escapes."""
    text = json.dumps(value, indent=1, ensure_ascii=False)
    return text if text.replace("\n", "").isprintable() else "".join(map(_shown, text))


def _shown(character: str) -> str:
    return character if character.isprintable() or character == "\n" else json.dumps(character)[1:-1]


def _plain(d: Diagnostic, lines_of: LinesOf) -> dict[str, object]:
    edit = edit_of(d, lines_of(d.span.file)) if d.fix else None
    notes = [{"text": n.text} | ({"span": asdict(n.span)} if n.span else {}) for n in d.notes]
    return {
        "code": d.code,
        "title": d.title,
        "severity": d.severity,
        "message": d.message,
        "span": asdict(d.span),
        "notes": notes,
        "help": d.help,
        "url": d.url,
        "explain": f"simkiln explain {d.code}",
    } | ({"fix": {"span": asdict(edit.span), "text": edit.text}} if edit else {})
