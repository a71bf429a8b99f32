"""A spec's text: YAML 1.2 core schema to plain values, with a span for every key and value.

Specs use a subset of YAML, and what lies outside is refused by name: tags, merge keys, directives other than
`%YAML 1.2`, more than one document, keys that are not text. Anchors and aliases work, within bounds. Whatever the text
is, reading it ends in a value or in diagnostics, never in an exception.
"""

import os
import re
import stat
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from compiler.diagnostics.diagnostic import Diagnostic, Note, Span, in_order
from compiler.reading.document import read_document
from compiler.reading.nodes import Node, find
from compiler.reading.problems import unfit_character
from compiler.reading.values import NeedsCare, ordinary_value

MAX_BYTES = 1_000_000
"""Size of the largest spec that is read; the specs that people write have one or two thousand bytes."""

_OTHER_ENCODINGS = (
    (re.compile(rb"\xff\xfe\0\0|\0\0\xfe\xff|[^\0]\0\0\0|\0\0\0[^\0]"), "UTF-32"),
    (re.compile(rb"\xff\xfe|\xfe\xff|[^\0]\0[^\0]\0|\0[^\0]\0[^\0]"), "UTF-16"),
)
"""A spec begins with ASCII, so that its first bytes tell (YAML 1.2.2, 5.2)."""

Step = str | int
SpanPath = tuple[Step, ...]


def value_at(value: object, path: SpanPath) -> object:
    """What stands at a path in a value of YAML or JSON; None where there is nothing."""
    for step in path:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value


class Lines:
    """Offsets in characters to lines and columns. Only LF, CRLF and CR end a line, as in YAML 1.2 and in editors."""

    def __init__(self, text: str, name: str) -> None:
        self.text, self.name = text, name

    @cached_property
    def starts(self) -> list[int]:
        """The offset at which each line begins."""
        starts, at = [0], 0
        for line in self.text.splitlines(keepends=True):
            at += len(line)
            if line[-1] in "\r\n":
                starts.append(at)
        return starts

    def offset(self, line: int, column: int) -> int:
        """The offset of a line and a column, at most the text's end."""
        return min(self.starts[line - 1] + column - 1, len(self.text)) if line <= len(self.starts) else len(self.text)

    def span(self, start: int, end: int) -> Span:
        """The span of a stretch of the text."""
        line, end_line = bisect_right(self.starts, start), bisect_right(self.starts, max(start, end))
        return Span(self.name, line, start - self.starts[line - 1] + 1, end_line, max(start, end) - self.starts[end_line - 1] + 1)


def split_lines(text: str) -> list[str]:
    """The lines that `Lines` counts, without their ends."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


class Spans(Mapping[SpanPath, Span]):
    """Path -> span of the value there. A path is a tuple of keys and list indices, from the top of the document."""

    def __init__(self, text: str, name: str, prefix: SpanPath = ()) -> None:
        self.text, self.lines, self.prefix = text, Lines(text, name), prefix

    @cached_property
    def root(self) -> Node | None:
        """The node tree, composed on first use, because most specs never need it."""
        return None if unfit_character(self.text) else read_document(self.text, _ignore)

    def __getitem__(self, path: SpanPath) -> Span:
        found = self.value(path)
        if found is None:
            raise KeyError(path)
        return found

    def __iter__(self) -> Iterator[SpanPath]:
        waiting: list[tuple[SpanPath, Node]] = [((), self.root)] if self.root else []
        while waiting:
            path, node = waiting.pop()
            yield path
            if isinstance(node.items, dict):
                waiting += [((*path, key), entry.node) for key, entry in reversed(node.items.items())]
            elif node.items:
                waiting += [((*path, i), child) for i, child in reversed(list(enumerate(node.items)))]

    def __len__(self) -> int:
        return self.root.size if self.root else 0

    def value(self, path: SpanPath) -> Span | None:
        """The span of the value at `path`, None where there is none."""
        node = find(self.root, (*self.prefix, *path)) if self.root else None
        return self.lines.span(node.start, node.end) if node else None

    def key(self, path: SpanPath) -> Span | None:
        """The span of the key that the last step of `path` names; of the value where that is a list index."""
        path = (*self.prefix, *path)
        if not path:
            return self.value(path)
        parent = find(self.root, path[:-1]) if self.root else None
        if parent is None or not isinstance(parent.items, dict):
            node = find(self.root, path) if self.root else None
            return self.lines.span(node.start, node.end) if node else None
        entry = parent.items.get(str(path[-1]))
        return self.lines.span(entry.start, entry.end) if entry else None

    def nearest(self, path: SpanPath, *, key: bool = False) -> Span:
        """The span at `path`, else of the closest key above it, else the first line of the file that says something."""
        found = (self.key(path) if key else self.value(path)) if path else None
        while found is None and path:
            path = path[:-1]
            found = self.key(path) if path else None
        return found or self.top()

    def top(self) -> Span:
        """The first line of the content: its first key, where there is one."""
        if self.prefix and (found := self.key(())) is not None:
            return found
        if self.root and isinstance(self.root.items, dict) and self.root.items:
            first = next(iter(self.root.items.values()))
            return self.lines.span(first.start, first.end)
        return self.lines.span(self.root.start, self.root.end) if self.root else Span(self.lines.name)


@dataclass(frozen=True)
class Source:
    """One spec as read. `value` holds dict, list, str, int, float, bool and None; it is None for an unreadable text."""

    name: str
    text: str
    value: Any
    diagnostics: tuple[Diagnostic, ...] = ()
    prefix: SpanPath = ()
    """Where in the file it stands, for a spec that is declared inside of another one."""

    @cached_property
    def spans(self) -> Spans:
        """Spans of the keys and values."""
        return Spans(self.text, self.name, self.prefix)

    def below(self, prefix: SpanPath) -> "Source":
        """The part of a spec that is a spec of its own."""
        value = self.value
        for step in prefix:
            value = value[step]
        return Source(self.name, self.text, value, self.diagnostics, (*self.prefix, *prefix))

    @cached_property
    def lines(self) -> list[str]:
        """The text's lines, for showing them."""
        return split_lines(self.text)

    @property
    def readable(self) -> bool:
        """Whether `value` is what the text says; a duplicate key, for example, leaves that open."""
        return not self.diagnostics


def unread(problem: Diagnostic, text: str = "") -> Source:
    """A source that says why its file has no value."""
    return Source(problem.span.file, text, None, (problem,))


def _ignore(*_told: object) -> None:
    """A report that nobody waits for."""


def read_bytes(path: Path | str, name: str) -> bytes | Source:
    """A file's bytes (one more than allowed, if it is too large), or a source that says why it cannot be read."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # before it is opened: a pipe would be waited for
            return unread(Diagnostic("Y115", "this is not a file", Span(name)))
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            data = b""
            while len(data) <= MAX_BYTES and (more := os.read(handle, MAX_BYTES + 1 - len(data))):
                data += more
            return data
        finally:
            os.close(handle)
    except (OSError, ValueError) as error:
        why = (getattr(error, "strerror", None) or "unknown error").lower()
        return unread(Diagnostic("Y115", f"the file cannot be read: {why}", Span(name)))


def read_source(origin: Path | str | bytes, name: str) -> Source:
    """Read a spec from a path, or from its text or bytes; `name` is how diagnostics call the file.

    Never raises for what the file holds: problems are in `diagnostics`.
    """
    if isinstance(origin, Path):
        found = read_bytes(origin, name)
        if isinstance(found, Source):
            return found
        origin = found
    if len(origin) > MAX_BYTES:
        help = "keep measurements and images out of specs; split the file"
        return unread(Diagnostic("Y110", f"the file has more than {MAX_BYTES:,} bytes", Span(name), help=help))
    return _read_bytes(origin, name) if isinstance(origin, bytes) else _read_text(origin.removeprefix("\ufeff"), name)


def _read_bytes(data: bytes, name: str) -> Source:
    for beginning, encoding in _OTHER_ENCODINGS:
        if beginning.match(data):
            return unread(Diagnostic("Y104", f"the file is {encoding}, not UTF-8", Span(name), help="save the file as UTF-8"))
    try:
        return _read_text(data.decode("utf-8-sig"), name)
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8-sig", errors="replace")
        span = Lines(before, name).span(len(before), len(before))
        message = f"byte 0x{data[error.start]:02x} is not UTF-8"
        return unread(Diagnostic("Y104", message, span, help="save the file as UTF-8"), data.decode("utf-8", errors="replace"))


def _read_text(text: str, name: str) -> Source:
    unfit = unfit_character(text)
    if unfit is None:
        try:
            return Source(name, text, ordinary_value(text))
        except NeedsCare:
            pass
    lines, found = Lines(text, name), list[Diagnostic]()
    if unfit is not None:
        at, shown = unfit
        help = "remove it, or write it as an escape in double quotes"
        return unread(Diagnostic("Y116", f"character {shown} is not allowed", lines.span(at, at + 1), help=help), text)

    def report(code: str, message: str, start: int, end: int, help: str = "", notes: Sequence[tuple[str, int, int]] = ()) -> None:
        more = tuple(Note(said, lines.span(a, b)) for said, a, b in notes)
        found.append(Diagnostic(code, message, lines.span(start, end), more, help))

    root = read_document(text, report)
    if (root is None or root.value is None) and not found:
        report("Y114", "the file is empty", 0, 0, "write a spec into it, or delete it")
    return Source(name, text, root.value if root else None, tuple(in_order(found)))
