"""Lists of ids that may be sorted: only a study's `targets`.

Every other list says something by its order: it is the order of the report, and without a baseline the first approach
is the yardstick. A test holds that sorting `targets` leaves every node's address as it is, and that no other list does.
"""

from collections.abc import Iterator

from compiler.fix.edits import Edit
from compiler.project.project import Project
from compiler.reading.nodes import Node, find
from compiler.reading.source import Source

UNORDERED = {"study": ("targets",)}
"""Kind of spec -> keys of the lists whose order means nothing."""


def sorting(project: Project) -> Iterator[Edit]:
    """Edits that sort every such list that is out of order."""
    for (kind, _), source in project.sources.items():
        yield from sorting_of(kind, source)


def sorting_of(kind: str, source: Source) -> Iterator[Edit]:
    """Those of one spec."""
    for key in UNORDERED.get(kind, ()) if source.readable else ():
        yield from _sorted(source, key)


def _sorted(source: Source, key: str) -> Iterator[Edit]:
    root = source.spans.root
    node = find(root, (key,)) if root else None
    if node is None or not isinstance(node.items, list):
        return
    written = source.text[node.start : node.end]
    words = [item.value for item in node.items]
    if any(mark in written for mark in "#&*") or not all(isinstance(word, str) for word in words):
        return  # comments belong to their line; an anchor must stand before its aliases
    ordered: list[Node] = sorted(node.items, key=lambda item: str(item.value))
    for there, item in zip(node.items, ordered, strict=True):
        if there.value != item.value:
            span = source.spans.lines.span(there.start, there.end)
            yield Edit(span, source.text[item.start : item.end])
