"""A value of a spec against a pydantic model."""

import json
import math
import re

from pydantic import BaseModel, RootModel, ValidationError
from pydantic_core import ErrorDetails

from compiler.diagnostics.diagnostic import MOST_OF_A_FILE, Diagnostic, Fix, Span, did_you_mean, meant
from compiler.reading.source import Source, SpanPath, value_at
from compiler.shape.walk import Place, Shape, shape_of
from compiler.shape.words import TYPE_ERRORS, lead, named, show, tag_of, union_words, words, wrong_type

LARGEST = 2**53
"""Whole numbers up to here are the same in YAML, JSON and as floats, so that no reckoning with them overflows."""


def validate[M: BaseModel](
    model: type[M], source: Source, prefix: SpanPath = (), value: object = None
) -> tuple[M | None, list[Diagnostic]]:
    """The model of a value, or diagnostics. Of a union it is the member that the value is.

    Args:
        model: the pydantic model.
        source: the file; spans come from it.
        prefix: where in the file the value stands.
        value: the value; by default the whole file's.

    Types are held strictly, as an editor does with the JSON Schema: `"3"` is text and `1` is not `true`.
    """
    value = source.value if value is None and not prefix else value
    if not isinstance(value, dict):
        code, message, help = wrong_type(named(prefix), value, "a mapping")
        return None, [Diagnostic(code, message, source.spans.nearest(prefix), help=help)]
    plain = _is_plain(value)
    found = [] if plain else _not_finite(value, source, prefix)
    try:
        spec = model.model_validate_json(json.dumps(value if plain else _integral(value)), strict=True)
    except ValidationError as error:
        told = {d.span for d in found}
        return None, found + [d for d in explain(error, model, source, prefix, value) if d.span not in told]
    return (None if found else spec.root if isinstance(spec, RootModel) else spec), found


def explain(error: ValidationError, model: type[BaseModel], source: Source, prefix: SpanPath, value: object) -> list[Diagnostic]:
    """Diagnostics for what pydantic found, one for each mistake."""
    shape = shape_of(model)
    found: dict[tuple[Span, str], Diagnostic] = {}
    unions: dict[SpanPath, list[tuple[ErrorDetails, Place]]] = {}
    for item in error.errors(include_url=False)[:MOST_OF_A_FILE]:
        place = shape.place(item["loc"])
        if place.union is not None:
            unions.setdefault(place.union, []).append((item, place))
            continue
        diagnostic = _diagnostic(item, place, shape, source, prefix)
        found.setdefault((diagnostic.span, diagnostic.code), diagnostic)
    for path, items in unions.items():
        diagnostic = _union(path, items, shape, source, prefix, value)
        found.setdefault((diagnostic.span, diagnostic.code), diagnostic)
    return list(found.values())


def _diagnostic(item: ErrorDetails, place: Place, shape: Shape, source: Source, prefix: SpanPath) -> Diagnostic:
    path, spans = prefix + place.path, source.spans
    if item["type"] == "extra_forbidden":
        key, known = str(path[-1]), list(shape.place(item["loc"][:-1]).schema.get("properties", {}))
        help, fix = did_you_mean(key, known, "keys"), meant(key, known)
        return Diagnostic("S101", f"unknown key {show(key)}", spans.nearest(path, key=True), help=help, fix=fix)
    if item["type"] == "missing" and isinstance(path[-1], int):
        positions = shape.place(item["loc"][:-1]).schema.get("prefixItems", [])
        count, least = len(item["input"]), max(len(item["input"]) + 1, len(positions))
        message = f"{named(path[:-1])} has {count} item{'s' * (count != 1)}, but must have {least}"
        return Diagnostic("S105", message, spans.nearest(path[:-1]), help=f"write {least} items")
    if item["type"] == "missing":
        help = f"add `{path[-1]}`" + (f": {lead(place.about)}" if lead(place.about) else "")
        return Diagnostic("S102", f"missing key `{path[-1]}`", spans.nearest(path[:-1], key=True), help=help)
    if item["type"] == "union_tag_not_found":
        key = tag_of(item)
        choices = list(place.schema.get("discriminator", {}).get("mapping", {}))
        help = f"known {key}s: {', '.join(choices)}"
        return Diagnostic("S102", f"missing key `{key}`", spans.nearest(path, key=True), help=help)
    code, message, help = words(item, place)
    if item["type"] == "union_tag_invalid":
        path = (*path, tag_of(item))
    if code == "S106" and isinstance(inner := item.get("input"), dict):
        keys = [key for key in re.findall(r"\w+", message) if key in inner]
        if keys:
            help = f"change `{keys[0]}`, or the key that it does not fit"
            return Diagnostic(code, message, spans.nearest((*path, keys[0])), help=help)
    whole = isinstance(item.get("input"), dict | list) and code in ("S104", "S105", "S106")
    at_key = place.at_key or (whole and isinstance(path[-1] if path else 0, str))
    return Diagnostic(code, message, spans.nearest(path, key=at_key), help=help, fix=_fix_of(item, place, help))


def _union(
    path: SpanPath, items: list[tuple[ErrorDetails, Place]], shape: Shape, source: Source, prefix: SpanPath, value: object
) -> Diagnostic:
    """One diagnostic for a union: the error that got furthest into a branch, else what the branches want."""
    deep = [pair for pair in items if len(pair[1].path) > len(path)]
    near = [pair for pair in items if pair[0]["type"] not in TYPE_ERRORS]
    if deep or near:
        item, place = (deep or near)[0]
        return _diagnostic(item, place, shape, source, prefix)
    inner = value_at(value, path)
    full = prefix + path
    branches = shape.branches(shape.place(path).schema)
    code, message, help = union_words(named(full), inner, [shape.resolve(b) for b in branches])
    return Diagnostic(code, message, source.spans.nearest(full), help=help, fix=_requoted(help))


def _fix_of(error: ErrorDetails, place: Place, help: str) -> Fix | None:
    """The fix of one pydantic error, or None. `help` is what the diagnostic proposes."""
    if error["type"] not in ("literal_error", "enum", "union_tag_invalid"):
        return _requoted(help, error.get("input"))
    written = error.get("input")
    if isinstance(written, dict):
        written = written.get(tag_of(error))
    choices = place.choices or list(place.schema.get("discriminator", {}).get("mapping", {}))
    return meant(written, choices) if isinstance(written, str) else None


def _requoted(help: str, written: object = None) -> Fix | None:
    """A scalar that reads as another type than it must: with or without quotes, or as YAML 1.2 has it, it is right."""
    kinds = {"put the value in quotes": Fix("quote"), "remove the quotes": Fix("unquote")}
    for word in ("true", "false"):  # YAML 1.1 had `yes` and `off`
        kinds[f"write `{word}`"] = Fix("value", word, str(written))
    return kinds.get(help)


def _is_plain(value: object) -> bool:
    """Whether there is no number in the value that needs a second look."""
    if isinstance(value, dict):
        return all(map(_is_plain, value.values()))
    if isinstance(value, list):
        return all(map(_is_plain, value))
    return not isinstance(value, float) and (not isinstance(value, int) or abs(value) <= LARGEST)


def _integral(value: object) -> object:
    """The value with `3.0` as `3`: to JSON Schema, and so to editors, both are whole numbers."""
    if isinstance(value, dict):
        return {key: _integral(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_integral(child) for child in value]
    return int(value) if isinstance(value, float) and abs(value) < LARGEST and value.is_integer() else value


def _not_finite(value: object, source: Source, prefix: SpanPath) -> list[Diagnostic]:
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
