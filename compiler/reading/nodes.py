"""The node tree of one document: values with the stretch of text that each key and value stands on."""

from collections.abc import Callable
from dataclasses import dataclass

Report = Callable[..., None]
"""Called as report(code, message, start, end, help, [(note, start, end), ...]); notes may be left out."""


@dataclass(slots=True)
class Node:
    """A value and its stretch `[start, end)` of the text in characters.

    `items` holds, for a mapping, key -> Entry; for a sequence, the list of nodes; for a scalar None.
    An alias has the alias' own stretch and shares value and items with the anchored node.
    """

    value: object
    start: int
    end: int
    items: "dict[str, Entry] | list[Node] | None" = None
    size: int = 1


@dataclass(slots=True)
class Entry:
    """A key's stretch of the text and its value's node."""

    start: int
    end: int
    node: Node


def find(root: Node, path: tuple[str | int, ...]) -> Node | None:
    """The node at a path of keys and indices, or None."""
    node = root
    for step in path:
        if isinstance(node.items, dict) and step in node.items:
            node = node.items[step].node
        elif isinstance(node.items, list) and isinstance(step, int) and 0 <= step < len(node.items):
            node = node.items[step]
        else:
            return None
    return node
