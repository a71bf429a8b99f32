"""What the models say of a place in a spec: which keys it may hold, which values, and what a key means."""

import json
from functools import cache

from compiler.reading.source import SpanPath, value_at
from compiler.shape.walk import Schema, child_of
from compiler.shape.words import JSON_TYPES


@cache
def _schema(kind: str) -> Schema:
    from compiler.schema import schema_of  # not needed to check, and slow to import

    return schema_of(kind)


_UNITS = {
    "_n_per_m": "newtons per metre",
    "_nm_per_rad": "newton metres per radian",
    "_deg": "degrees",
    "_rad": "radians",
    "_px": "pixels",
    "_hz": "hertz",
    "_kg": "kilograms",
    "_gb": "gigabytes",
    "_hours": "hours",
    "_minutes": "minutes",
    "_db": "decibels",
    "_m": "metres",
    "_s": "seconds",
    "_n": "newtons",
}


def keys_at(kind: str, path: SpanPath, value: object) -> dict[str, Schema]:
    """Key -> schema, of the mapping at a path: required ones first. `value` is the whole document's."""
    found: dict[str, Schema] = {}
    required: set[str] = set()
    for schema in _walk(kind, path, value):
        found |= {name: part for name, part in schema.get("properties", {}).items() if name not in found}
        rest = schema.get("additionalProperties")
        if isinstance(rest, dict):
            found |= {name: rest for name in schema.get("propertyNames", {}).get("enum", []) if name not in found}
        required |= set(schema.get("required", []))
    return {name: found[name] for name in sorted(found, key=lambda name: name not in required)}


def values_at(kind: str, path: SpanPath, value: object) -> list[str]:
    """The values that are allowed at a path, where they are a closed list."""
    found: list[str] = []
    for schema in _walk(kind, path, value):
        if schema.get("type") == "boolean":
            found += ["true", "false"]
        found += [str(choice) for choice in schema.get("enum", [schema["const"]] if "const" in schema else [])]
    parent = value_at(value, path[:-1])
    if path and isinstance(path[-1], str):
        for schema in _walk(kind, path[:-1], value, blind=path[-1]):
            tag = schema.get("properties", {}).get(path[-1], {})
            found += [str(tag["const"])] if "const" in tag and isinstance(parent, dict) else []
    return list(dict.fromkeys(found))


def meaning(kind: str, path: SpanPath, value: object) -> str | None:
    """What the key at a path means, in Markdown: its type, unit and range, and the field's docstring."""
    if not path or not isinstance(path[-1], str):
        return None
    schemas = _walk(kind, path, value)
    if not schemas:
        return None
    about = next((s["description"] for s in schemas if s.get("description")), "")
    unit = next((f" in {name}" for end, name in _UNITS.items() if path[-1].endswith(end)), "")
    facts = ", ".join(dict.fromkeys(fact for schema in schemas for fact in _facts(schema, unit)))
    head = f"**`{path[-1]}`**" + (f": {facts}" if facts else "")
    return "\n\n".join(filter(None, (head, about, _default(schemas[0]))))


def _facts(schema: Schema, unit: str) -> list[str]:
    if "enum" in schema or "const" in schema:
        choices = schema.get("enum", [schema.get("const")])
        return ["one of " + ", ".join(f"`{choice}`" for choice in choices)]
    kind = JSON_TYPES.get(str(schema.get("type")))
    facts = [kind.removeprefix("a ") + unit] if kind else []
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        facts.append(f"from {low:g} to {high:g}")
    elif low is not None or high is not None:
        facts.append(f"at least {low:g}" if high is None else f"at most {high:g}")
    for key, words in (("exclusiveMinimum", "more than"), ("exclusiveMaximum", "less than")):
        if key in schema:
            facts.append(f"{words} {schema[key]:g}")
    return facts


def _default(schema: Schema) -> str:
    default = schema.get("default")
    text = json.dumps(default, ensure_ascii=False)
    return f"Default: `{text}`" if default not in (None, {}, []) and len(text) <= 80 else ""


def _walk(kind: str, path: SpanPath, value: object, blind: str = "") -> list[Schema]:
    """The schemas that hold at a path, each branch of a union by itself.

    A union is decided by its tag, except where the tag is `blind`: the very key whose values are looked for.
    """
    schema = _schema(kind)
    definitions = schema.get("$defs", {})
    found = _branches(schema, value, definitions, blind)
    for depth, step in enumerate(path):
        below = value_at(value, path[: depth + 1])
        tag = blind if depth + 1 == len(path) else ""
        children = [child for schema in found if (child := child_of(schema, step)) is not None]
        found = [branch for child in children for branch in _branches(child, below, definitions, tag)]
    return found


def _branches(schema: Schema, value: object, definitions: Schema, blind: str = "") -> list[Schema]:
    outer = {key: schema[key] for key in ("description", "default") if key in schema}
    if "$ref" in schema:
        inner = _branches(definitions[schema["$ref"].rpartition("/")[2]], value, definitions, blind)
        return [branch | outer for branch in inner]
    mapping = schema.get("discriminator", {}).get("mapping")
    if mapping:
        name = schema["discriminator"]["propertyName"]
        tag = value.get(name) if isinstance(value, dict) and name != blind else None
        chosen = [mapping[tag]] if isinstance(tag, str) and tag in mapping else list(mapping.values())
        return [b | outer for ref in chosen for b in _branches({"$ref": ref}, value, definitions, blind)]
    options = [option for option in schema.get("anyOf", []) if option.get("type") != "null"]
    if options:
        return [branch | outer for option in options for branch in _branches(option, value, definitions, blind)]
    return [schema]
