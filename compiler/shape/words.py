"""How one pydantic error reads: code, message and help."""

import re

from pydantic_core import ErrorDetails

from compiler.diagnostics.diagnostic import did_you_mean
from compiler.reading.scalar import type_of
from compiler.reading.source import SpanPath
from compiler.shape.walk import Place, Schema

_KINDS: tuple[tuple[str, str, tuple[type, ...], str], ...] = (
    ("a whole number", "integer", (int,), "int_type int_from_float int_parsing"),
    ("a number", "number", (int, float), "float_type float_parsing"),
    ("text", "string", (str,), "string_type"),
    ("true or false", "boolean", (bool,), "bool_type bool_parsing"),
    ("a list", "array", (list,), "list_type tuple_type"),
    ("a mapping", "object", (dict,), "dict_type model_type model_attributes_type"),
)
"""Kinds of values: in words, in JSON Schema, in Python, and pydantic's errors for what is none."""
JSON_TYPES = {json_type: kind for kind, json_type, _, _ in _KINDS}
_WANTED: dict[str, str] = {error: kind for kind, _, _, errors in _KINDS for error in errors.split()}
TYPE_ERRORS = frozenset(_WANTED)
"""Errors that say no more than: this is not that type."""
_LIMITS = {
    "greater_than": ("more than", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("less than", "lt"),
    "less_than_equal": ("at most", "le"),
    "multiple_of": ("a multiple of", "multiple_of"),
}
_PERCENT = re.compile(r"(-?\d{1,9}(?:\.\d{1,9})?) ?%")
_RANGE = re.compile(r"(\d{1,6}) ?(?:\.{2,3}|-|to) ?(\d{1,6})")
MOST_LISTED = 40
"""Numbers that a help line lists."""
ID_HELP = "use lowercase letters, digits and hyphens, beginning with a letter or digit, 63 at most"


def words(error: ErrorDetails, place: Place) -> tuple[str, str, str]:
    """Code, message and help of one error other than a missing or an unknown key."""
    kind, value, ctx = error["type"], error.get("input"), error.get("ctx", {})
    name = named(place.path)
    if kind in _WANTED:
        code, message, help = wrong_type(name, value, _WANTED[kind])
        return code, message, _fraction(str(value).strip(" %"), _largest(place)) or help
    if kind in ("literal_error", "enum", "union_tag_invalid"):
        shown = value.get(tag_of(error)) if isinstance(value, dict) else value
        key = tag_of(error) if kind == "union_tag_invalid" else _plain_name(place.path)
        if place.at_key:
            return "S101", f"unknown key {show(value)}", did_you_mean(str(value), place.choices, "keys")
        if place.path and isinstance(place.path[-1], int):
            key = key.removesuffix("s")  # one item of a list
        expected = str(ctx.get("expected_tags") or ctx.get("expected", ""))
        choices = place.choices or [part for part in expected.split("'")[1::2] if part]
        help = did_you_mean(str(shown), choices, f"{key}s" if key.isalpha() else "choices")
        return "S103", f"unknown {key} {show(shown)}", help
    if kind in _LIMITS:
        limit, key = _LIMITS[kind]
        help = _fraction(str(value), ctx[key]) if kind.startswith("less") else ""
        return "S105", f"{name} is {show(value)}, but must be {limit} {ctx[key]:g}", help or _about(place)
    if kind in ("too_short", "too_long"):
        limit = f"at least {ctx['min_length']}" if kind == "too_short" else f"at most {ctx['max_length']}"
        return "S105", f"{name} has {_count(ctx.get('actual_length', 0), 'item')}, but must have {limit}", _about(place)
    if kind == "string_too_short" and not value:
        return "S105", f"{name} is empty text", "write something between the quotes"
    if kind in ("string_too_short", "string_too_long"):
        limit = f"at least {ctx['min_length']}" if kind.endswith("short") else f"at most {ctx['max_length']}"
        return "S105", f"{name} has {_count(len(str(value)), 'character')}, but must have {limit}", _about(place)
    if kind == "string_pattern_mismatch" and "a-z0-9-" in str(ctx.get("pattern")):
        return "S106", f"{show(value)} is not an id", ID_HELP
    if kind == "string_pattern_mismatch":
        return "S106", f"{name} cannot be {show(value)}", _about(place)
    if kind in ("value_error", "assertion_error"):
        return "S106", str(ctx.get("error", error["msg"])).rstrip("."), _about(place)
    message = error["msg"][:1].lower() + error["msg"][1:]
    return "S106", f"{name}: {message.rstrip('.')}", _about(place)


def tag_of(error: ErrorDetails) -> str:
    """The key by which pydantic tells the branches of a union."""
    return str(error.get("ctx", {}).get("discriminator", "")).strip("'")


def _about(place: Place) -> str:
    """The field's description as a help line."""
    about = lead(place.about)
    return f"`{_plain_name(place.path)}`: {about}" if about else "change the value, or remove the key"


def lead(about: str) -> str:
    """The first paragraph of a field's description, as the end of a line."""
    first = about.split("\n\n")[0].replace("\n", " ").rstrip(".")
    return first if first[:2].isupper() else first[:1].lower() + first[1:]


def wrong_type(name: str, value: object, wanted: str) -> tuple[str, str, str]:
    """Code, message and help for a value of the wrong type."""
    message = f"{name} is {kind_of(value)}, but must be {wanted}"
    if value is None:
        return "S104", message, "write a value, or remove the key"
    if wanted == "text" and isinstance(value, int | float | bool):
        return "S104", message, "put the value in quotes"
    kinds = wanted.split(" or ")
    if isinstance(value, str) and any(
        type_of(value) in types for kind, _, types, _ in _KINDS if kind in kinds and kind != "text"
    ):
        return "S104", message, "remove the quotes"
    if isinstance(value, str) and {"a number", "a whole number"} & set(kinds) and (percent := _PERCENT.fullmatch(value)):
        return "S104", message, f"write `{percent[1]}`, without the sign"
    if wanted == "true or false" and isinstance(value, str) and value.lower() in ("yes", "on", "no", "off", "y", "n"):
        return "S104", message, f"write `{str(value.lower() in ('yes', 'on', 'y')).lower()}`"
    if wanted == "a list" and isinstance(value, str | int | float):
        return "S104", message, f"write `[{_numbers(name, value) or value}]`"
    if name == "`trials`" and wanted == "a mapping" and isinstance(value, int):
        return "S104", message, f"say how many in which domain, for example `{{twin: {value}, irl_proxy: {value}}}`"
    return "S104", message, "write `key: value` lines" if wanted == "a mapping" else f"write {wanted}"


def _numbers(name: str, value: str | float) -> str:
    """The whole numbers that somebody means by `0..4`, or by `seeds: 5`; empty where it is no such thing."""
    found = _RANGE.fullmatch(str(value))
    first, last = (
        (int(found[1]), int(found[2])) if found else (0, int(value) - 1 if name == "`seeds`" and type(value) is int else -1)
    )
    if not first <= last < first + MOST_LISTED:
        return ""
    return ", ".join(map(str, range(first, last + 1)))


def _fraction(text: str, largest: object) -> str:
    """What to write for `95` or `95%` where a fraction of one is wanted, as a help line; else empty."""
    share = type_of(text) in (int, float) and largest == 1 and 50 <= float(text) <= 100
    return f"write `{float(text) / 100:g}`: it is a fraction of 1" if share else ""


def _largest(place: Place) -> object:
    return place.schema.get("exclusiveMaximum", place.schema.get("maximum"))


def union_words(name: str, value: object, branches: list[Schema]) -> tuple[str, str, str]:
    """Code, message and help for a value that fits no branch of a union."""
    kinds = list(dict.fromkeys(JSON_TYPES.get(str(b.get("type")), "one of the known forms") for b in branches))
    return wrong_type(name, value, " or ".join(kinds))


def named(path: SpanPath) -> str:
    """How a message calls the value at a path."""
    if not path:
        return "this file"
    if isinstance(path[-1], int):
        parent = named(path[:-1]) if len(path) > 1 else "this file"
        return f"item {path[-1] + 1} of {parent}"
    return f"`{path[-1]}`"


def kind_of(value: object) -> str:
    """What a YAML value is, in words."""
    return "empty" if value is None else next(kind for kind, _, types, _ in _KINDS if type(value) in types)


def show(value: object, limit: int = 60) -> str:
    """A scalar in backticks, bounded; anything longer by its kind."""
    if isinstance(value, dict | list):
        return kind_of(value)
    text = "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    clean = "".join(c if c.isprintable() else "�" for c in text[: limit + 1])
    return f"`{clean if len(text) <= limit else clean[:limit] + '…'}`"


def _plain_name(path: SpanPath) -> str:
    keys = [step for step in path if isinstance(step, str)]
    return keys[-1] if keys else "value"


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"
