"""Where the cursor stands in a spec: the path of keys there, also in a text that is being written and not yet YAML."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from compiler.reading.nodes import Node
from compiler.reading.source import SpanPath, Spans

_WORD = re.compile(r"[\w.-]*")
_MARK = "cursor-stands-here"
_SECTION = re.compile(r"^(?=[^\s#\-\]}])", re.MULTILINE)
"""Where something begins at the left margin."""
_MARKS = {"{": "}", "[": "]"}


@dataclass(frozen=True)
class Place:
    """A key or a value at `path`, on the characters `[start, end)`; `value` is the whole document's."""

    path: SpanPath
    role: Literal["key", "value"]
    start: int
    end: int
    value: object


def place_at(text: str, offset: int) -> Place | None:
    """The key or value at an offset; None between them, or where the text says nothing."""
    for version in _versions(text, offset):
        root = Spans(version, "").root
        if root is not None:
            return _at(root, offset)
    return None


def openings(text: str, offset: int) -> list[Place]:
    """What may be written at an offset: a key, a value, or both; the stretch is the word that is there already."""
    start, end = word_at(text, offset)
    line_end = _line_end(text, end)
    follows = text[end:line_end].lstrip().startswith(":")
    gap = " " if text[max(0, start - 1) : start] in (":", "-", ",") else ""
    found: dict[str, Place] = {}
    for written in (_MARK if follows else f"{_MARK}: ", _MARK):
        whole = text[:start] + gap + written + text[end:]
        for version in _versions(whole, start + len(gap) + len(written)):
            root = Spans(version, "").root
            place = _marked(root, (), start, end, root.value) if root is not None else None
            if place is not None:
                found.setdefault(place.role, place)
            if root is not None:
                break
    return list(found.values())


def word_at(text: str, offset: int) -> tuple[int, int]:
    """The stretch of the word that the offset is in or beside."""
    start = offset
    while start > 0 and _WORD.fullmatch(text, start - 1, start) and text[start - 1] not in "\r\n":
        start -= 1
    if start < offset and text[start] == "-" and not text[:start].rpartition("\n")[2].strip():
        start += 1  # the dash of a list's item
    found = _WORD.match(text, offset)
    return start, found.end() if found else offset


def _versions(text: str, offset: int) -> Iterator[str]:
    """The text, and what is left of it when what follows the cursor's line, or the cursor, is not yet right; then without
    the sections above that cannot be read, and of the cursor's own section only the lines that it stands below.
    """
    yield text
    ends = dict.fromkeys((_line_end(text, offset), offset))
    for end in ends:
        yield text[:end] + _closers(text[:end])
    begins = [found.start() for found in _SECTION.finditer(text, 0, offset)]
    own = begins.pop() if begins else 0
    above = text[: begins[0] if begins else own]
    for begin, end in pairwise([*begins, own]):
        section = text[begin:end]
        root = Spans(section, "").root
        above += section if root is not None and isinstance(root.items, dict) else _blank(section)
    for end in ends:
        yield above + text[own:end] + _closers(text[own:end])
    for end in ends:
        lines = _parents(text[own:end])
        yield above + lines + _closers(lines)


def _parents(text: str) -> str:
    """The last line and those that it stands below, by their indentation; blanks in the place of the others."""
    *lines, last = text.splitlines(keepends=True) or [""]
    kept, depth = [last], _depth(last)
    for line in reversed(lines):
        own = _depth(line)
        parent = bool(line.strip()) and (
            own < depth or (own == depth and kept[0].lstrip().startswith("- ") and line.lstrip()[0] != "-")
        )
        kept.insert(0, line if parent else _blank(line))
        depth = own if parent else depth
    return "".join(kept)


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _blank(text: str) -> str:
    return re.sub(r"[^\r\n]", " ", text)


def _line_end(text: str, offset: int) -> int:
    ends = [at for mark in "\r\n" if (at := text.find(mark, offset)) >= 0]
    return min(ends, default=len(text))


def _closers(text: str) -> str:
    """The brackets that are still open at the end of a text."""
    opened, quote, before = [], "", "\n"
    for i, c in enumerate(text):
        if quote:
            quote = "" if c == quote else quote
        elif c in "'\"" and before in "\n:,[{-":
            quote = c
        elif c == "#" and (i == 0 or text[i - 1].isspace()):
            quote = "\n"
        elif c in _MARKS and (opened or before in "\n:,[{-"):
            opened.append(_MARKS[c])
        elif opened and c == opened[-1]:
            opened.pop()
        before = c if c == "\n" or not c.isspace() else before
    return (quote.strip()) + "".join(reversed(opened))


def _at(root: Node, offset: int) -> Place | None:
    node, path = root, list[str | int]()
    while True:
        inner = None
        if isinstance(node.items, dict):
            for key, entry in node.items.items():
                if entry.start <= offset <= entry.end:
                    return Place((*path, key), "key", entry.start, entry.end, root.value)
                if entry.node.start <= offset <= entry.node.end:
                    inner = (key, entry.node)
        for i, item in enumerate(node.items if isinstance(node.items, list) else ()):
            if item.start <= offset <= item.end:
                inner = (i, item)
        if inner is None:
            if isinstance(node.items, dict | list):
                return None
            return Place(tuple(path), "value", node.start, node.end, root.value)
        path.append(inner[0])
        node = inner[1]


def _marked(node: Node, path: SpanPath, start: int, end: int, value: object) -> Place | None:
    """The place of the mark: a key's path is that of the mapping which it would belong to."""
    if node.value == _MARK:
        return Place(path, "value", start, end, value)
    if isinstance(node.items, dict):
        if _MARK in node.items:
            return Place(path, "key", start, end, value)
        children: list[tuple[str | int, Node]] = [(key, entry.node) for key, entry in node.items.items()]
    else:
        children = list(enumerate(node.items or ()))
    found = (_marked(child, (*path, step), start, end, value) for step, child in children)
    return next((place for place in found if place is not None), None)
