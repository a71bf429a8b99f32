"""Diagnostics in the forms that people and tools read: one renderer per form, by name."""

from collections.abc import Callable

from compiler.diagnostic import Diagnostic
from compiler.render.github import render_github
from compiler.render.json import render_json
from compiler.render.text import render_all

RENDERERS: dict[str, Callable[[list[Diagnostic]], str]] = {
    "text": render_all, "json": render_json, "github": render_github,
}  # fmt: skip
"""Name of a form -> its renderer."""
