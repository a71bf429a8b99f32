"""The fast way to a spec's value: libyaml's events without spans, for text in which nothing is out of the ordinary.

What needs a second look (an anchor, a tab, a duplicate key, a list over several lines, any mistake) is left to
`compiler.reading.compose`, which knows where everything stands. A property test holds the two to the same value.
"""

import re
from typing import Any

import yaml
from yaml.cyaml import CParser

from compiler.reading.compose import DEEPEST
from compiler.reading.scalar import NumberTooLong, plain

_UNUSUAL = re.compile(
    r"[\t&*!%]"  # tabs, anchors, aliases, tags, directives
    r"|[^\s]\#"  # what may be a comment without a blank before it
    r"|(?:^|[\s,\[{])\?"  # what may be an explicit key
    r"|^(?:---|\.\.\.)"  # document markers
    r"|[|>][^\r\n]*(?:\r\n|\r(?!\n)|\n)\ *[\r\n]"  # block text that begins with blank lines
    r"|[\[{,]\s*-\s*[,\]}]",  # a lone dash in a list
    re.MULTILINE | re.VERBOSE,
)


class NeedsCare(Exception):
    """Raised where only the careful reading can tell what the text says."""


def ordinary_value(text: str) -> Any:
    """The value of a text without unfit characters and without anything unusual.

    Raises:
        NeedsCare: when there is more to say than a value.
    """
    if _UNUSUAL.search(text):
        raise NeedsCare
    try:
        return _value(text if text.endswith(("\n", "\r")) else text + "\n")
    except (yaml.YAMLError, NumberTooLong) as error:
        raise NeedsCare from error


def _value(text: str) -> Any:
    following = CParser(text).get_event
    following(), following()  # the stream and the document begin
    open_above: list[tuple[Any, Any, int]] = []  # (collection, its key that waits for a value, line of a flow's start)
    collection: Any = None
    key: str | None = None
    flow_line = -1
    while True:
        event = following()
        kind = type(event)
        if kind is yaml.ScalarEvent:
            if event.implicit[0]:
                value = plain(event.value)
            else:
                value = event.value
                if event.start_mark.line != event.end_mark.line and event.style in ('"', "'"):
                    raise NeedsCare
        elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            if len(open_above) >= DEEPEST:
                raise NeedsCare
            open_above.append((collection, key, flow_line))
            collection, key = {} if kind is yaml.MappingStartEvent else [], None
            flow_line = event.start_mark.line if event.flow_style else -1
            continue
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            if flow_line >= 0 and event.end_mark.line != flow_line:
                raise NeedsCare
            value = collection
            collection, key, flow_line = open_above.pop()
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
            if type(following()) is yaml.DocumentEndEvent and type(following()) is yaml.StreamEndEvent:
                return value
            raise NeedsCare
        else:
            collection.append(value)  # ty: ignore[missing-union-attribute]
