"""libyaml's events to a node tree, with what specs may not use refused by name."""

import re
from dataclasses import dataclass

import yaml
from yaml.cyaml import CParser

from compiler.reading.mend import TAB, Mender, Reached
from compiler.reading.nodes import Entry, Node, Report
from compiler.reading.scalar import NumberTooLong, plain
from compiler.reading.strict import Strict

DEEPEST = 64
"""Levels of nesting; specs need about eight."""
MOST_NODES = 60_000
"""Nodes of a document after aliases are followed; a bomb of ten lines expands to billions."""

MOST_KEYS = 1_000
"""Keys of one mapping; specs have twenty."""

_ANCHOR = re.compile(r"[A-Za-z0-9_-]+(?=[\s,\[\]{}]|$)")
_PROPERTY = re.compile(r"[&!][^\s,\[\]{}]*(?:[ \t]*(?:#[^\r\n]*)?[\r\n]+|[ \t]+|$)[ \t]*")


class Unreadable(Exception):
    """Raised where reading cannot go on; the problem is already reported."""


@dataclass(slots=True)
class _Open:
    """A collection that is being read.

    `column` is that of the innermost block around its parts, -1 for none; `last` is where the last of them ended. `key` is
    the key whose value comes next, as (text, start, end).
    """

    node: Node
    anchor: str | None
    flow: bool
    column: int
    last: int
    key: tuple[str, int, int] | None = None
    dropped: bool = False

    @property
    def takes_key(self) -> bool:
        """Whether a key comes next."""
        return isinstance(self.node.items, dict) and self.key is None


class Composer:
    """Reads one document. `root` stays None for an empty one.

    Args:
        mender: the text, with what libyaml is to see of it.
        report: told of every problem.
    """

    def __init__(self, mender: Mender, report: Report) -> None:
        self.text, self.report, self.restore = mender.text, report, mender.restore
        self.strict = Strict(mender.text, mender.kept)
        self.parser = CParser(mender.now)
        self.anchors: dict[str, Node | None] = {}
        self.stack: list[_Open] = []
        self.root: Node | None = None
        self.documents = 0
        self.last_scalar = (0, 0)

    def compose(self) -> Node | None:
        """The root node, or None when the document is empty or is not read to its end."""
        try:
            while not isinstance(event := self.parser.get_event(), yaml.StreamEndEvent):
                self._take(event)
            self.strict.token(len(self.text), len(self.text), flow=False)
        except Unreadable:
            return None
        return self.root

    def reached(self) -> Reached:
        """How far reading came."""
        return Reached(self.last_scalar, bool(self.stack) and self.stack[-1].flow)

    def _take(self, event: yaml.Event) -> None:
        start, end = self._stretch(event)
        opened = self.stack[-1] if self.stack else None
        flow = opened is not None and opened.flow
        if isinstance(event, yaml.ScalarEvent):
            if end > start:
                self.strict.token(start, end, flow=flow)
                self.last_scalar = (start, end)
            self._anchor_and_tag(event, start, end)
            self._scalar(event, *self._content(event, start, end))
        elif isinstance(event, yaml.CollectionStartEvent):
            self._open(event, start, end, opened)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._close(start, end)
        elif isinstance(event, yaml.AliasEvent):
            self.strict.token(start, end, flow=flow)
            self._alias(event.anchor, start, end)
        elif isinstance(event, yaml.DocumentStartEvent):
            self._document(event, start, end)

    def _open(self, event: yaml.CollectionStartEvent, start: int, end: int, opened: _Open | None) -> None:
        flow, outside = bool(event.flow_style), -1 if opened is None else opened.column
        self._anchor_and_tag(event, start, end)
        if len(self.stack) >= DEEPEST:
            raise self._stop("Y109", f"nested more than {DEEPEST} levels deep", start, end, "specs need about eight levels")
        value: object = {} if isinstance(event, yaml.MappingStartEvent) else []
        if event.anchor or event.tag:
            start = min(self._skip_properties(start, end), max(start, end - 1) if flow else end)
        if flow and self.text[start] in "{[":  # else a pair without braces in a list
            self.strict.token(start, end, flow=opened is not None and opened.flow)
        node = Node(value, start, end, {} if isinstance(value, dict) else [])
        if event.anchor:
            self.anchors[event.anchor] = None
        self.stack.append(_Open(node, event.anchor, flow, outside if flow else self._column(event), end))

    def _close(self, start: int, end: int) -> None:
        opened = self.stack.pop()
        opened.node.end = end if opened.flow else max(opened.last, opened.node.start)
        if opened.anchor:
            self.anchors[opened.anchor] = opened.node
        if opened.flow:
            self.strict.token(start, end, flow=True)
            if not (self.stack and self.stack[-1].flow):
                self.strict.continued(opened.node.start, end, opened.column, brackets=True)
        self._add(opened.node)

    def _column(self, event: yaml.CollectionStartEvent) -> int:
        """The column of a block's keys or dashes. A list below a key of the same column begins after its first dash."""
        mark = event.end_mark
        assert mark is not None
        listed = isinstance(event, yaml.SequenceStartEvent)
        return mark.column - (listed and self.text[mark.index : mark.index + 1] != "-")

    def _stretch(self, event: yaml.Event) -> tuple[int, int]:
        """Offsets of an event; libyaml's parser always sets both marks."""
        assert event.start_mark is not None
        assert event.end_mark is not None
        return min(event.start_mark.index, len(self.text)), min(event.end_mark.index, len(self.text))

    def _document(self, event: yaml.DocumentStartEvent, start: int, end: int) -> None:
        self.documents += 1
        if self.documents > 1:
            raise self._stop("Y111", "a second document begins here", start, end, "use one file for each spec")
        if event.tags or (event.version and tuple(event.version) != (1, 2)):
            end_of_line = self.text.find("\n", start)
            end = end if end_of_line < 0 else end_of_line
            raise self._stop(
                "Y112", "this file begins with a directive", start, end, "remove the line; specs are always YAML 1.2"
            )

    def _content(self, event: yaml.ScalarEvent, start: int, end: int) -> tuple[int, int]:
        """The scalar's own stretch: without its anchor, and without the blank lines after a block scalar."""
        if event.anchor or event.tag:
            start = self._skip_properties(start, end)
        if event.style in ("|", ">"):
            end = start + len(self.text[start:end].rstrip())
        return start, end

    def _skip_properties(self, start: int, end: int) -> int:
        """Where a node begins after its anchor and tag."""
        while start < end and (found := _PROPERTY.match(self.text, start, end)):
            start = found.end()
        return start

    def _anchor_and_tag(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent, start: int, end: int) -> None:
        if event.anchor is not None:
            self._named(event.anchor, "&", start)
        if event.tag is not None:
            shown = event.tag.replace("tag:yaml.org,2002:", "!!")
            begin = max(start, self.text.find("!", start))
            message, help = f"tag `{shown}` is not allowed in a spec", "remove the tag; quote the value if it must be text"
            self.report("Y105", message, begin, _word_end(self.text, begin), help)

    def _named(self, name: str, sign: str, start: int) -> None:
        """Anchors have names that every reader ends at the same character."""
        at = self.text.find(sign + name, start)
        if at >= 0 and not _ANCHOR.match(self.text, at + 1):
            message = "the anchor's name has a character other than letters, digits, `-` and `_`"
            raise self._stop("Y118", message, at, _word_end(self.text, at), "rename the anchor")

    def _scalar(self, event: yaml.ScalarEvent, start: int, end: int) -> None:
        quoted = event.style in ("'", '"', "|", ">")
        opened = self.stack[-1] if self.stack else None
        flow, column = (opened.flow, opened.column) if opened else (False, -1)
        text = self.restore(event.value)
        if event.style in ("'", '"'):
            if not flow:
                self.strict.continued(start, end, column, brackets=False)
        elif event.style in ("|", ">"):
            self.strict.block_scalar(start, column)
        elif flow:
            self.strict.plain_in_flow(text, start)
        if TAB in event.value and event.style != "|":
            at = max(start, self.text.find("\t", start))
            raise self._stop("Y103", "a tab begins a line of this text", at, at + 1, "begin the line with spaces")
        try:
            value = text if quoted else plain(text)
        except NumberTooLong:
            self.report("Y117", f"a number of {end - start} characters", start, end, "quote it if it is text")
            value = None
        node = Node(value, start, end)
        if event.anchor:
            self.anchors[event.anchor] = node
        if opened and opened.takes_key:
            if not flow:
                self.strict.key(start)
            self._key(opened, text, value, quoted, start, end)
        else:
            self._add(node)

    def _key(self, opened: _Open, text: str, value: object, quoted: bool, start: int, end: int) -> None:
        opened.key, opened.last = (text, start, end), end
        entries = opened.node.items
        if isinstance(entries, dict) and len(entries) >= MOST_KEYS:
            raise self._stop("Y108", f"this mapping has more than {MOST_KEYS} keys", start, end, "specs have about twenty")
        if text == "<<" and not quoted:
            help = "write the keys out; an approach inherits with `extends`"
            self.report("Y106", "merge key `<<` is not allowed in a spec", start, end, help)
            opened.dropped = True
        elif not isinstance(value, str):
            shown = text or "null"
            self.report("Y113", f"key `{_short(shown)}` is not text", start, end, "quote the key")
            opened.dropped = True
        elif isinstance(entries, dict) and text in entries:
            first = entries[text]
            note = ("the first one is here", first.start, first.end)
            self.report("Y102", f"duplicate key `{_short(text)}`", start, end, "keep one of the two", [note])
            opened.dropped = True

    def _alias(self, name: str, start: int, end: int) -> None:
        self._named(name, "*", start)
        if name not in self.anchors:
            help = f"define it before with `&{_short(name)}`, or quote the text"
            self.report("Y107", f"unknown anchor `{_short(name)}`", start, end, help)
            target: Node | None = Node(None, start, end)
        else:
            target = self.anchors[name]
        if target is None:
            raise self._stop("Y108", f"anchor `{_short(name)}` contains itself", start, end, "write the value out")
        opened = self.stack[-1] if self.stack else None
        if opened and opened.takes_key:
            self.report("Y113", f"key `*{_short(name)}` is an alias", start, end, "write the key out")
            opened.key, opened.dropped, opened.last = (name, start, end), True, end
            return
        self._add(Node(target.value, start, end, target.items, target.size))

    def _add(self, node: Node) -> None:
        """Put a finished node into the collection that is open."""
        if not self.stack:
            self.root = node
            return
        opened = self.stack[-1]
        opened.last = max(opened.last, node.end)
        if isinstance(opened.node.items, dict):
            if opened.key is None:  # a collection as a key
                self.report("Y113", "a key is a list or mapping", node.start, node.end, "use text as the key")
                opened.key, opened.dropped = ("", node.start, node.end), True
                return
            (text, start, end), dropped = opened.key, opened.dropped
            opened.key, opened.dropped = None, False
            if dropped:
                return
            opened.node.items[text] = Entry(start, end, node)
            opened.node.value[text] = node.value  # ty: ignore[invalid-assignment]
        elif isinstance(opened.node.items, list):
            opened.node.items.append(node)
            opened.node.value.append(node.value)  # ty: ignore[missing-attribute]
        opened.node.size += node.size
        if opened.node.size > MOST_NODES:
            message = f"this document holds more than {MOST_NODES:,} values once aliases are followed"
            raise self._stop("Y108", message, node.start, node.end, "write fewer aliases, or split the file")

    def _stop(self, code: str, message: str, start: int, end: int, help: str) -> Unreadable:
        self.report(code, message, start, end, help)
        return Unreadable()


def _word_end(text: str, start: int) -> int:
    """Where the run without blanks or flow punctuation at `start` ends, one character on at the least."""
    end = start
    while end < len(text) and text[end] not in " \t\r\n,[]{}":
        end += 1
    return max(end, start + 1)


def _short(text: str, limit: int = 60) -> str:
    """Text fit for a message: one line, bounded."""
    line = "".join(c if c.isprintable() else "�" for c in text[: limit + 1])
    return line if len(text) <= limit else line[:limit] + "…"
