"""Values -> YAML text that a YAML 1.2 reader and a YAML 1.1 one read alike: what could be mistaken is quoted."""

import json
import re

from compiler.reading.problems import unfit_character
from compiler.reading.scalar import type_of

_BARE = re.compile(r"[A-Za-z](?:[\w ,./+()%'-]*[\w./+()%'-])?")
_BARE_IN_FLOW = re.compile(r"[A-Za-z][\w./+()%'-]*(?: [\w./+()%'-]+)*")
_OLD_WORDS = frozenset(["y", "n", "yes", "no", "on", "off", "true", "false", "null"])
"""Words that YAML 1.1 readers, such as PyYAML, take for something other than text."""


def scalar(value: object, bare: re.Pattern[str] = _BARE) -> str:
    """A scalar on one line, in double quotes where a bare word could be read as anything else.

    Raises:
        ValueError: for text that no UTF-8 file can hold.
    """
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    if isinstance(value, int | float):
        return json.dumps(value, allow_nan=False)
    text = str(value)
    if any(0xD800 <= ord(c) < 0xE000 for c in text):
        raise ValueError("this text is not UTF-8")
    return text if bare.fullmatch(text) and text.isascii() and _stays_text(text) else _quoted(text)


def flow(value: object) -> str:
    """A value in flow style: `[a, b]`, `{key: value}`, or a scalar."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{scalar(key, _BARE_IN_FLOW)}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(flow, value)) + "]"
    return scalar(value, _BARE_IN_FLOW)


def _stays_text(text: str) -> bool:
    return type_of(text) is str and text.casefold() not in _OLD_WORDS


def _quoted(text: str) -> str:
    """JSON's string is YAML's double-quoted scalar; what a spec may not hold as such is written as an escape."""
    return "".join(
        _escaped(c) if unfit_character(c) or not (c.isprintable() or c in '"\\') else c
        for c in json.dumps(text, ensure_ascii=False)
    )


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
