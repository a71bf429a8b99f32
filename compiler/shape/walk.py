"""Where pydantic's error locations lead in a model's JSON Schema, and what would have been known there."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import BaseModel

from compiler.reading.source import SpanPath
from compiler.shape.documented import Documented

Schema = dict[str, Any]
"""A JSON Schema, or a part of one."""


@dataclass(frozen=True)
class Place:
    """A place in a spec. `union` is the path of the innermost union that pydantic tried branch by branch; `about` is
    the description of the field."""

    path: SpanPath
    schema: Schema
    union: SpanPath | None = None
    at_key: bool = False
    about: str = ""

    @property
    def choices(self) -> list[str]:
        """Values that are allowed at this place, where they are a closed list."""
        if "const" in self.schema:
            return [str(self.schema["const"])]
        return [str(choice) for choice in self.schema.get("enum", [])]


class Shape:
    """The JSON Schema of a model, walked by error locations."""

    def __init__(self, model: type[BaseModel]) -> None:
        self.schema = model.model_json_schema(schema_generator=Documented)
        self.definitions = self.schema.get("$defs", {})

    def resolve(self, schema: Schema) -> Schema:
        """Follow references and drop the `or null` branch."""
        while True:
            if "$ref" in schema:
                schema = self.definitions[schema["$ref"].rsplit("/", 1)[-1]]
            elif len(branches := self.branches(schema)) == 1:
                schema = branches[0]
            else:
                return schema

    def branches(self, schema: Schema) -> list[Schema]:
        """Branches of a plain union, other than null."""
        return [b for b in schema.get("anyOf", []) if b.get("type") != "null"]

    def place(self, loc: SpanPath) -> Place:
        """The place that an error location means: tags of unions in it are not keys of the spec."""
        schema, path = self.resolve(self.schema), []
        union, at_key, about = None, False, ""
        for step in loc:
            if step == "[key]":
                at_key, schema = True, self.resolve(schema.get("propertyNames", {}))
                continue
            tags = schema.get("discriminator", {}).get("mapping")
            if tags:
                schema = self.resolve({"$ref": tags[step]} if step in tags else {})
                continue
            if self.branches(schema):
                union, schema = tuple(path), {}
                continue
            path.append(step)
            child = child_of(schema, step) or {}
            about = child.get("description", about if isinstance(step, int) else "")
            schema = self.resolve(child)
        return Place(tuple(path), schema, union, at_key, about)


def child_of(schema: Schema, step: str | int) -> Schema | None:
    """The schema of a key's value or of a list's item; None where it is left open."""
    if isinstance(step, int):
        positions = schema.get("prefixItems", [])
        found = positions[step] if step < len(positions) else schema.get("items")
    else:
        by_pattern = next(iter(schema.get("patternProperties", {}).values()), schema.get("additionalProperties"))
        found = schema.get("properties", {}).get(step, by_pattern)
    return found if isinstance(found, dict) else None


@cache
def shape_of(model: type[BaseModel]) -> Shape:
    """The shape of a model, made once."""
    return Shape(model)
