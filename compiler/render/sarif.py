"""Diagnostics as SARIF 2.1.0, which code scanning services and editors read.

Columns are UTF-16 code units, SARIF's default, and say so; ours are characters and are converted with the line's text.
"""

import hashlib
import json
import os
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from compiler.diagnostics.diagnostic import Diagnostic, Span
from compiler.diagnostics.pages import page
from compiler.fix.edits import edit_of
from compiler.render.columns import utf16
from compiler.render.json import shown_json
from compiler.render.text import LinesOf, no_lines

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT = "%SRCROOT%"
"""Name of the folder that paths start from; who reads the file knows where that is."""


def render_sarif(diagnostics: list[Diagnostic], lines_of: LinesOf = no_lines) -> str:
    """One log with one run: a rule for each code that occurs, a result for each diagnostic."""
    codes = sorted({d.code for d in diagnostics})
    seen: dict[str, int] = {}
    driver = {"name": "simkiln", "rules": [_rule(code, diagnostics) for code in codes]}
    base = {ROOT: {"description": {"text": "the folder that holds specs/"}}}
    results = [_result(d, codes.index(d.code), lines_of, seen) for d in diagnostics]
    run = {"tool": {"driver": driver}, "columnKind": "utf16CodeUnits", "originalUriBaseIds": base, "results": results}
    return shown_json({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(code: str, diagnostics: list[Diagnostic]) -> dict[str, Any]:
    first = next(d for d in diagnostics if d.code == code)
    text = page(code)
    rule = {
        "id": code,
        "shortDescription": {"text": first.title},
        "help": {"text": f"Call: simkiln explain {code}", "markdown": text},
        "defaultConfiguration": {"level": first.severity},
    }
    address = _address(first)
    return rule | ({"helpUri": address} if address else {})


def _address(d: Diagnostic) -> str | None:
    """The page's address on the server whose workflow this runs in; a checkout elsewhere has none."""
    names = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_SHA")
    server, repository, revision = (os.environ.get(name, "") for name in names)
    return f"{server}/{repository}/blob/{revision}/{d.url}" if server and repository and revision else None


def _result(d: Diagnostic, rule: int, lines_of: LinesOf, seen: dict[str, int]) -> dict[str, Any]:
    lines = lines_of(d.span.file)
    said = d.message + (f"\nhelp: {d.help}" if d.help else "")
    related = [
        _location(note.span, lines_of(note.span.file) if note.span else None, i + 1) | {"message": _message(note.text)}
        for i, note in enumerate(d.notes)
    ]
    result = {
        "ruleId": d.code,
        "ruleIndex": rule,
        "level": d.severity,
        "message": _message(said),
        "locations": [_location(d.span, lines)],
        "partialFingerprints": {"simkiln/v1": _fingerprint(d, lines, seen)},
    }
    edit = edit_of(d, lines)
    if edit is not None:
        region = _region(edit.span, lines, len(lines or ()))
        replaced = {"deletedRegion": region, "insertedContent": {"text": edit.text}}
        change = {"artifactLocation": _artifact(d.span.file), "replacements": [replaced]}
        result["fixes"] = [{"description": _message(d.help or "mend it"), "artifactChanges": [change]}]
    return result | ({"relatedLocations": related} if related else {})


def _message(text: str) -> dict[str, str]:
    """A message that holds no placeholder and no link (SARIF 2.1.0, 3.11.5 and 3.11.6), whatever a spec says."""
    return {"text": text.replace("{", "{{").replace("}", "}}").replace("](", "] (")}


def _location(span: Span | None, lines: Sequence[str] | None, number: int = 0) -> dict[str, Any]:
    known = {"id": number} if number else {}
    if span is None:
        return known
    return known | {"physicalLocation": {"artifactLocation": _artifact(span.file), "region": _region(span, lines)}}


def _artifact(name: str) -> dict[str, str]:
    return {"uri": quote(name, errors="surrogateescape"), "uriBaseId": ROOT}


def _region(span: Span, lines: Sequence[str] | None, last: int = 0) -> dict[str, int]:
    """Line and column from 1, the end exclusive. A line that is removed ends where the next one begins, if there is."""
    end_line, end_col = span.end_line, _column(span.end_line, span.end_col, lines)
    if 0 < last < end_line:
        end_line, end_col = last, utf16((lines or [""])[last - 1], len((lines or [""])[last - 1])) + 1
    start = _column(span.line, span.col, lines)
    if (end_line, end_col) <= (span.line, start) and end_line == span.line:
        end_col = start
    return {"startLine": span.line, "startColumn": start, "endLine": end_line, "endColumn": end_col}


def _column(line: int, column: int, lines: Sequence[str] | None) -> int:
    return utf16(lines[line - 1], column - 1) + 1 if lines and line <= len(lines) else column


def _fingerprint(d: Diagnostic, lines: Sequence[str] | None, seen: dict[str, int]) -> str:
    """The same while the line's text is: adding lines above does not make an old result new."""
    text = lines[d.span.line - 1].strip() if lines and d.span.line <= len(lines) else ""
    parts = json.dumps([d.code, d.span.file, d.message, text])
    digest = hashlib.sha256(parts.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    seen[digest] = seen.get(digest, 0) + 1
    return f"{digest}:{seen[digest]}"
