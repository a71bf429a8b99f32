"""One line of what a verb says."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """`mark` is one of `compiler.plan.changes.Mark` and tells the colour; None for a heading."""

    text: str
    mark: str | None = None
