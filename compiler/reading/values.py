"""The fast way to a spec's value: libyaml's events without spans, for text in which nothing is out of the ordinary.

What needs a second look (an anchor, a tab, a duplicate key, a list over several lines, any mistake) is left to
`compiler.reading.compose`, which knows where everything stands. A property test holds the two to the same value.
"""

import re

import yaml
from yaml.cyaml import CParser

from compiler.reading.compose import DEEPEST, MOST_KEYS, MOST_NODES
from compiler.reading.scalar import NumberTooLong, plain

_SIGNS = re.compile(r"[\t&*!%]")  # tabs, anchors, aliases, tags, directives
_BLOCK_BLANK = re.compile(r"[|>][^\r\n]*(?:\r\n|\r(?!\n)|\n) *[\r\n]")  # block text that begins with blank lines
_QUESTION = re.compile(r"(?:^|[\s,\[{])\?")  # what may be an explicit key
_MARKER = re.compile(r"^(?:---|\.\.\.)", re.MULTILINE)
_LONE_DASH = re.compile(r"-\s*[,\]}]")
_LINE_START = re.compile(r"[\r\n]( *)(?=[^\s])")
_NOT_TEXT = frozenset("0123456789+-.~nNtTfF")
"""First characters of scalars that may be something else than text."""


class NeedsCare(Exception):
    """Raised where only the careful reading can tell what the text says."""


def ordinary_value(text: str) -> object:
    """The value of a text without unfit characters and without anything unusual.

    Raises:
        NeedsCare: when there is more to say than a value.
    """
    if _unusual(text):
        raise NeedsCare
    try:
        return _value(text if text.endswith(("\n", "\r")) else text + "\n")
    except (yaml.YAMLError, NumberTooLong) as error:
        raise NeedsCare from error


def _unusual(text: str) -> bool:
    """Whether libyaml may read the text otherwise than YAML 1.2, or there may be something to refuse by name."""
    return bool(
        _SIGNS.search(text)
        or ("#" in text and _glued_comment(text))
        or ("?" in text and _QUESTION.search(text))
        or (("|" in text or ">" in text) and _BLOCK_BLANK.search(text))
        or (("---" in text or "..." in text) and _MARKER.search(text))
        or ("-" in text and _LONE_DASH.search(text))
    )


def _glued_comment(text: str) -> bool:
    """Whether a `#` follows something else than a blank: it may be a comment to libyaml and is none in YAML 1.2."""
    after_blanks = text.count(" #") + text.count("\n#") + text.count("\r#") + text.startswith("#")
    return after_blanks < text.count("#")


def _check_lines(text: str, begin: int, end: yaml.Mark, column: int) -> None:
    """Whether a flow collection's lines stand deeper than the block around it; only its closing bracket need not."""
    lines = _LINE_START.finditer(text, begin, end.index - 1)
    if end.column - 1 < column or any(len(line[1]) <= column for line in lines):
        raise NeedsCare


def _value(text: str) -> object:
    following = CParser(text).get_event
    following(), following()  # the stream and the document begin
    open_above: list[tuple[dict[str, object] | list[object] | None, str | None, yaml.Mark | None, int]] = []
    collection: dict[str, object] | list[object] | None = None  # the innermost one that is open
    key: str | None = None  # its key that waits for a value
    bracket: yaml.Mark | None = None  # the mark of its opening bracket, None for a block
    column = -1  # of the innermost block's keys or dashes
    for _ in range(MOST_NODES):
        event = following()
        kind = type(event)
        if kind is yaml.ScalarEvent:
            value = event.value
            if event.implicit[0]:
                if not value or value[0] in _NOT_TEXT:
                    value = plain(value)
            elif event.start_mark.line != event.end_mark.line and event.style in ('"', "'"):
                raise NeedsCare
        elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            if len(open_above) >= DEEPEST:
                raise NeedsCare
            open_above.append((collection, key, bracket, column))
            collection, key = {} if kind is yaml.MappingStartEvent else [], None
            if event.flow_style:
                bracket = event.start_mark
            else:
                bracket, column = None, event.end_mark.column
            continue
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            if bracket is not None and event.end_mark.line != bracket.line:
                _check_lines(text, bracket.index, event.end_mark, column)
            if isinstance(collection, dict) and len(collection) > MOST_KEYS:
                raise NeedsCare
            value = collection
            collection, key, bracket, column = open_above.pop()
        else:
            raise NeedsCare  # an empty document
        if type(collection) is dict:
            if key is not None:
                collection[key], key = value, None
            elif type(value) is str and value not in collection and value != "<<":
                key = value
            else:
                raise NeedsCare
        elif collection is None:
            ended = type(following()) is yaml.DocumentEndEvent and type(following()) is yaml.StreamEndEvent
            if ended and value is not None:
                return value
            raise NeedsCare
        else:
            collection.append(value)  # ty: ignore[missing-union-attribute]
    raise NeedsCare  # too many values, perhaps
