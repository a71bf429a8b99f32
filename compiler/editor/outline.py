"""The outline of a spec: its sections, what they hold, and of a study the cells that it makes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from compiler.laws.subject import LISTS
from compiler.project.project import Project
from compiler.reading.nodes import Entry, Node
from compiler.reading.source import Spans

DEEPEST = 3
"""Levels that are shown."""
AXES = ("approaches", "locations", "tasks", "seeds", "trials")
"""What a study's cells are made of."""


@dataclass(frozen=True)
class Symbol:
    """A part of a spec: its stretch `[start, end)`, and within that `[at, to)` for the cursor to go to."""

    name: str
    detail: str
    form: Literal["mapping", "list", "value", "reference"]
    start: int
    end: int
    at: int
    to: int
    within: tuple["Symbol", ...]


def outline(project: Project, kind: str, text: str) -> list[Symbol]:
    """The parts of a spec in their order; none of a text that cannot be read."""
    root = Spans(text, "").root
    return [] if root is None else list(_of_mapping(project, kind, root, 1))


def _of_mapping(project: Project, kind: str, node: Node, depth: int) -> Iterator[Symbol]:
    for name, entry in node.items.items() if isinstance(node.items, dict) else ():
        named = LISTS.get(name) if kind == "study" and depth == 1 else None
        within: tuple[Symbol, ...] = ()
        if isinstance(entry.node.items, list) and (named or name == "seeds"):
            within = tuple(_of_list(project, named, entry.node.items))
        elif depth < DEEPEST:
            within = tuple(_of_mapping(project, kind, entry.node, depth + 1))
        form = "mapping" if isinstance(entry.node.items, dict) else "list" if entry.node.items is not None else "value"
        detail = _cells(node.value) if kind == "study" and (name, depth) == ("approaches", 1) else _detail(entry)
        yield Symbol(name, detail, form, entry.start, max(entry.end, entry.node.end), entry.start, entry.end, within)


def _of_list(project: Project, named: str | None, items: list[Node]) -> Iterator[Symbol]:
    for item in items:
        source = project.sources.get((str(named), str(item.value)))
        title = source.value.get("title") if source is not None and isinstance(source.value, dict) else None
        detail = title if isinstance(title, str) else ""
        yield Symbol(str(item.value), detail, "reference" if named else "value", item.start, item.end, item.start, item.end, ())


def _detail(entry: Entry) -> str:
    node = entry.node
    if isinstance(node.items, list):
        return f"{len(node.items)} item{'s' * (len(node.items) != 1)}"
    return "" if isinstance(node.items, dict) or node.value is None else str(node.value).partition("\n")[0][:80]


def _cells(study: object) -> str:
    """How many cells a study makes of what it names."""
    counts = (
        {axis: len(found) if isinstance(found := study.get(axis), list | dict) else 0 for axis in AXES}
        if isinstance(study, dict)
        else {}
    )
    product = 1
    for count in counts.values():
        product *= count
    said = " × ".join(f"{count} {axis if axis != 'trials' else 'domains'}" for axis, count in counts.items())
    return f"{product} cells: {said}"
