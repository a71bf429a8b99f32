"""How a renderer gets at the text that diagnostics point into."""

from collections.abc import Callable, Sequence

LinesOf = Callable[[str], Sequence[str] | None]
"""A file's name -> its lines without their ends, or None where it cannot be read; `Project.lines` is one."""


def no_lines(_name: str) -> None:
    """For diagnostics that are shown without the text."""
