"""Diagnostics for people at a terminal: the line of the spec with a caret under the smallest span."""

from collections.abc import Callable, Iterable, Sequence

from compiler.diagnostics.diagnostic import Diagnostic, Span
from compiler.render.columns import excerpt, visible
from compiler.render.terminal import wants_colour
from runtime.problem import legible

LinesOf = Callable[[str], Sequence[str] | None]
"""A file's name -> its lines without their ends, or None where it cannot be read; `Project.lines` is one."""
RED, YELLOW, BLUE, BOLD, RESET = "\x1b[1;31m", "\x1b[1;33m", "\x1b[1;34m", "\x1b[1m", "\x1b[0m"


def no_lines(_name: str) -> None:
    """For diagnostics that are shown without the text."""


def render_text(diagnostic: Diagnostic, lines: Sequence[str] | None = None, colour: bool | None = None) -> str:
    """One diagnostic, ending in a newline.

    Args:
        diagnostic: what to show.
        lines: the lines of its file; without them no excerpt is shown.
        colour: whether to colour; by default what `wants_colour` says of standard error.
    """
    paint = _Paint(wants_colour() if colour is None else colour)
    d, shade = diagnostic, RED if diagnostic.severity == "error" else YELLOW
    gutter = " " * len(str(d.span.line))
    head = paint(shade, f"{d.severity}[{d.code}]") + paint(BOLD, f": {visible(d.message)}")
    out = [head, f"{gutter}{paint(BLUE, '-->')} {legible(str(d.span))}"]
    out += _excerpt(d.span, lines, gutter, paint, shade)
    for note in d.notes:
        where = f" ({visible(str(note.span))})" if note.span else ""
        out.append(f"{gutter} {paint(BLUE, '=')} {paint(BOLD, 'note')}: {visible(note.text)}{where}")
    if d.help:
        out.append(f"{gutter} {paint(BLUE, '=')} {paint(BOLD, 'help')}: {visible(d.help)}")
    return "\n".join(out) + "\n"


def render_all(diagnostics: list[Diagnostic], lines_of: LinesOf = no_lines) -> str:
    """All of them without colour."""
    return "\n".join(render_text(d, lines_of(d.span.file), colour=False) for d in diagnostics)


def more_about(diagnostics: Iterable[Diagnostic]) -> str:
    """The command that explains every code that occurs."""
    return "simkiln explain " + " ".join(sorted({d.code for d in diagnostics}))


class _Paint:
    def __init__(self, on: bool) -> None:
        self.on = on

    def __call__(self, shade: str, text: str) -> str:
        return f"{shade}{text}{RESET}" if self.on else text


def _excerpt(span: Span, lines: Sequence[str] | None, gutter: str, paint: _Paint, shade: str) -> list[str]:
    if not any(lines or ()) or lines is None or span.line > len(lines):
        return []
    text = lines[span.line - 1]
    end = span.end_col if span.end_line == span.line else len(text.rstrip()) + 1
    shown, before, width = excerpt(text, span.col - 1, max(end, span.col + 1) - 1)
    bar = paint(BLUE, "|")
    caret = " " * before + paint(shade, "^" * width)
    return [f"{gutter} {bar}", f"{paint(BLUE, str(span.line))} {bar} {shown}".rstrip(), f"{gutter} {bar} {caret}"]
