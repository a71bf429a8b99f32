"""A value of a spec against a pydantic model."""

import json
import math
import re
from typing import Any

from pydantic import BaseModel, ValidationError

from compiler.diagnostics.diagnostic import MOST_OF_A_FILE, Diagnostic, Span, did_you_mean, meant
from compiler.reading.source import Source
from compiler.shape.fixes import fix_of, requoted
from compiler.shape.walk import Loc, Place, Shape, shape_of
from compiler.shape.words import TYPE_ERRORS, named, show, union_words, words, wrong_type

LARGEST = 2**53
"""Whole numbers up to here are the same in YAML, JSON and as floats, so that no reckoning with them overflows."""


def validate[M: BaseModel](
    model: type[M], source: Source, prefix: Loc = (), value: Any = None
) -> tuple[M | None, list[Diagnostic]]:
    """The model of a value, or diagnostics.

    Args:
        model: the pydantic model.
        source: the file; spans come from it.
        prefix: where in the file the value stands.
        value: the value; by default the whole file's.

    Types are held strictly, as an editor does with the JSON Schema: `"3"` is text and `1` is not `true`.
    """
    value = source.value if value is None and not prefix else value
    if not isinstance(value, dict):
        code, message, fix = wrong_type(named(prefix), value, "a mapping")
        return None, [Diagnostic(code, message, source.spans.nearest(prefix), help=fix)]
    found = _not_finite(value, source, prefix)
    try:
        spec = model.model_validate_json(json.dumps(_integral(value)), strict=True)
    except ValidationError as error:
        told = {d.span for d in found}
        return None, found + [d for d in explain(error, model, source, prefix, value) if d.span not in told]
    return (None if found else spec), found


def explain(error: ValidationError, model: type[BaseModel], source: Source, prefix: Loc, value: Any) -> list[Diagnostic]:
    """Diagnostics for what pydantic found, one for each mistake."""
    shape = shape_of(model)
    found: dict[tuple[Span, str], Diagnostic] = {}
    unions: dict[Loc, list[tuple[dict[str, Any], Place]]] = {}
    for item in error.errors(include_url=False)[:MOST_OF_A_FILE]:
        place = shape.place(item["loc"])
        if place.union is not None:
            unions.setdefault(place.union, []).append((dict(item), place))
            continue
        diagnostic = _diagnostic(dict(item), place, shape, source, prefix)
        found.setdefault((diagnostic.span, diagnostic.code), diagnostic)
    for path, items in unions.items():
        diagnostic = _union(path, items, shape, source, prefix, value)
        found.setdefault((diagnostic.span, diagnostic.code), diagnostic)
    return list(found.values())


def _diagnostic(item: dict[str, Any], place: Place, shape: Shape, source: Source, prefix: Loc) -> Diagnostic:
    path, spans = prefix + place.path, source.spans
    if item["type"] == "extra_forbidden":
        known = shape.place(item["loc"][:-1]).known
        message = f"unknown key {show(path[-1])}"
        return Diagnostic(
            "S101",
            message,
            spans.nearest(path, key=True),
            help=did_you_mean(str(path[-1]), known, "keys"),
            fix=meant(str(path[-1]), known),
        )
    if item["type"] == "missing" and isinstance(path[-1], int):
        positions = shape.place(item["loc"][:-1]).schema.get("prefixItems", [])
        count, least = len(item["input"]), max(len(item["input"]) + 1, len(positions))
        message = f"{named(path[:-1])} has {count} item{'s' * (count != 1)}, but must have {least}"
        return Diagnostic("S105", message, spans.nearest(path[:-1]), help=f"write {least} items")
    if item["type"] == "missing":
        return _missing(path, spans.nearest(path[:-1], key=True), place.about)
    if item["type"] == "union_tag_not_found":
        key = str(item.get("ctx", {}).get("discriminator", "kind")).strip("'")
        choices = list(place.schema.get("discriminator", {}).get("mapping", {}))
        fix = f"known {key}s: {', '.join(choices)}"
        return Diagnostic("S102", f"missing key `{key}`", spans.nearest(path, key=True), help=fix)
    code, message, fix = words(item, place)
    if item["type"] == "union_tag_invalid":
        path = (*path, str(item["ctx"]["discriminator"]).strip("'"))
    if code == "S106" and isinstance(inner := item.get("input"), dict):
        keys = [key for key in re.findall(r"\w+", message) if key in inner]
        if keys:
            fix = f"change `{keys[0]}`, or the key that it does not fit"
            return Diagnostic(code, message, spans.nearest((*path, keys[0])), help=fix)
    whole = isinstance(item.get("input"), dict | list) and code in ("S104", "S105", "S106")
    at_key = place.at_key or (whole and isinstance(path[-1] if path else 0, str))
    return Diagnostic(code, message, spans.nearest(path, key=at_key), help=fix, fix=fix_of(item, place, fix))


def _missing(path: Loc, span: Span, about: str) -> Diagnostic:
    first = about.split("\n\n")[0].replace("\n", " ").rstrip(".")
    fix = f"add `{path[-1]}`" + (f": {first[:1].lower() + first[1:]}" if first else "")
    return Diagnostic("S102", f"missing key `{path[-1]}`", span, help=fix)


def _union(
    path: Loc, items: list[tuple[dict[str, Any], Place]], shape: Shape, source: Source, prefix: Loc, value: Any
) -> Diagnostic:
    """One diagnostic for a union: the error that got furthest into a branch, else what the branches want."""
    deep = [pair for pair in items if len(pair[1].path) > len(path)]
    near = [pair for pair in items if pair[0]["type"] not in TYPE_ERRORS]
    if deep or near:
        item, place = (deep or near)[0]
        return _diagnostic(item, place, shape, source, prefix)
    inner = _at(value, path)
    full = prefix + path
    branches = shape.branches(shape.place(path).schema)
    code, message, fix = union_words(named(full), inner, [shape.resolve(b) for b in branches])
    return Diagnostic(code, message, source.spans.nearest(full), help=fix, fix=requoted(fix))


def _at(value: Any, path: Loc) -> Any:
    for step in path:
        value = value[step]
    return value


def _integral(value: Any) -> Any:
    """The value with `3.0` as `3`: to JSON Schema, and so to editors, both are whole numbers."""
    if isinstance(value, dict):
        return {key: _integral(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_integral(child) for child in value]
    return int(value) if isinstance(value, float) and abs(value) < 2**53 and value.is_integer() else value


def _not_finite(value: Any, source: Source, prefix: Loc) -> list[Diagnostic]:
    """`.nan`, `.inf` and numbers of 20 digits are YAML, but no parameter means anything by them."""
    found, waiting = [], [(prefix, value)]
    while waiting and len(found) < MOST_OF_A_FILE:
        path, item = waiting.pop()
        if isinstance(item, dict):
            waiting += [((*path, key), child) for key, child in item.items()]
        elif isinstance(item, list):
            waiting += [((*path, i), child) for i, child in enumerate(item)]
        elif isinstance(item, float) and not math.isfinite(item):
            message = f"{named(path)} is not a finite number"
            found.append(Diagnostic("S105", message, source.spans.nearest(path), help="write a number"))
        elif isinstance(item, int) and abs(item) > LARGEST:
            message = f"{named(path)} is larger than any number that a spec may hold"
            found.append(Diagnostic("S105", message, source.spans.nearest(path), help=f"write at most {LARGEST}"))
    return found
