"""Diagnostics in the forms that people and tools read: one renderer per form, by name."""

from typing import Protocol

from compiler.diagnostics.diagnostic import Diagnostic
from compiler.render.github import render_github
from compiler.render.json import render_json
from compiler.render.sarif import render_sarif
from compiler.render.text import LinesOf, no_lines, render_all


class Renderer(Protocol):
    """Diagnostics to text; with the lines that they point into, where the form can use them."""

    def __call__(self, diagnostics: list[Diagnostic], lines_of: LinesOf = no_lines) -> str:
        """The text."""
        ...


RENDERERS: dict[str, Renderer] = {"text": render_all, "json": render_json, "github": render_github, "sarif": render_sarif}
"""Name of a form -> its renderer."""
