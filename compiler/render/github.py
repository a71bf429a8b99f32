"""Diagnostics as workflow commands, which GitHub shows beside the lines of a pull request.

The escapes are those of GitHub's workflow commands: `%` and LF in messages, and `:` and `,` too in properties.
What has no glyph is replaced, as in text: logs are read in terminals too.
"""

from compiler.diagnostics.diagnostic import Diagnostic
from compiler.render.columns import visible
from compiler.render.text import LinesOf, no_lines


def render_github(diagnostics: list[Diagnostic], lines_of: LinesOf = no_lines) -> str:
    """One `::error file=...::message` line for each diagnostic."""
    del lines_of  # GitHub counts columns in characters of the file that it shows
    return "\n".join(map(_command, diagnostics))


def _command(d: Diagnostic) -> str:
    span = d.span
    properties = {"file": span.file, "line": span.line, "col": span.col, "endLine": span.end_line}
    if span.end_line == span.line:  # GitHub refuses end columns of stretches over several lines
        properties["endColumn"] = max(span.end_col, span.col)
    properties["title"] = f"{d.code}: {d.title}"
    listed = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items())
    said = [d.message, *(f"note: {n.text}" + (f" ({n.span})" if n.span else "") for n in d.notes)]
    said += [f"help: {d.help}"] if d.help else []
    said.append(f"more: simkiln explain {d.code}")
    return f"::{d.severity} {listed}::{_message(chr(10).join(said))}"


def _message(text: str) -> str:
    shown = "\n".join(map(visible, text.split("\n")))
    return shown.replace("%", "%25").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
