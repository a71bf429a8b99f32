"""A file of trials as it was read: named columns of values, and where each stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from runtime.trials.fault import Where


@dataclass(frozen=True)
class Raw:
    """Columns by name, all of one length. Values are text in CSV files, and JSON's or Parquet's own elsewhere.

    `lines[i]` is the line at which row i begins, or its number in files without lines (`unit` says which). `texts`
    holds the lines of a text file, for pointing at a cell.
    """

    file: str
    columns: dict[str, list[Any]]
    lines: Sequence[int]
    unit: str = "line"
    texts: Sequence[str] = ()
    separator: str = ","
    notes: tuple[str, ...] = ()
    header: tuple[str, ...] = field(default=())
    factors: Mapping[str, str] = field(default_factory=dict)
    """What varied from row to row -> its column, where the file itself says so."""

    def __len__(self) -> int:
        return len(self.lines)

    def where(self, row: int, column: str) -> Where:
        """The cell of a row; the whole row where cells have no place of their own."""
        line = self.lines[row]
        if self.unit != "line" or not self.texts or line > len(self.texts) or column not in self.header:
            return Where(self.file, line if self.unit == "line" else 1)
        start, end = cell_span(self.texts[line - 1], self.header.index(column), self.separator)
        return Where(self.file, line, start + 1, end + 1)

    def said(self, row: int) -> str:
        """How a message names a row that has no line."""
        return "" if self.unit == "line" else f" in row {self.lines[row]}"


def cell_span(text: str, index: int, separator: str) -> tuple[int, int]:
    """First character and end of cell `index` of a line, quotes included; the whole line where it has fewer cells."""
    cell, start, quoted = 0, 0, False
    for at, character in enumerate(text):
        if character == '"':
            quoted = not quoted
        elif character == separator and not quoted:
            if cell == index:
                return start, at
            cell, start = cell + 1, at + 1
    return (start, len(text)) if cell == index else (0, len(text))
