"""What a plain scalar means in the YAML 1.2 core schema (YAML 1.2.2, section 10.3.2)."""

import re

LONGEST_NUMBER = 400
"""Characters; Python refuses to read integers of more than 4300 digits, and no parameter needs one."""

_WORDS: dict[str, object] = {"": None, "~": None} | dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan"))
for _word, _value in (("null", None), ("true", True), ("false", False)):
    _WORDS |= dict.fromkeys((_word, _word.capitalize(), _word.upper()), _value)
_INT = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEX = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_INF = re.compile(r"([-+]?)(?:\.inf|\.Inf|\.INF)")
_FIRST = frozenset("0123456789+-.")


class NumberTooLong(ValueError):
    """A number of more than `LONGEST_NUMBER` characters."""


def plain(text: str) -> object:
    """The value of an unquoted scalar: None, bool, int, float or str.

    Raises:
        NumberTooLong: for a number of more than `LONGEST_NUMBER` characters.
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _FIRST:
        return text
    if (text.isdecimal() and text.isascii()) or _INT.fullmatch(text):
        return int(_bounded(text))
    if _FLOAT.fullmatch(text):
        return float(_bounded(text))
    if _OCTAL.fullmatch(text):
        return int(_bounded(text), 8)
    if _HEX.fullmatch(text):
        return int(_bounded(text), 16)
    if found := _INF.fullmatch(text):
        return float(f"{found[1]}inf")
    return text


def type_of(text: str) -> type:
    """The type that an unquoted scalar reads as; `NumberTooLong` for a number that is refused."""
    try:
        return type(plain(text))
    except NumberTooLong:
        return NumberTooLong


def _bounded(text: str) -> str:
    if len(text) > LONGEST_NUMBER:
        raise NumberTooLong
    return text
