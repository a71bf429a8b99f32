"""Docstrings of fields, read from the source when a schema is made: doing so at every start took a third of all imports."""

import ast
import inspect
import textwrap
from functools import cache
from itertools import pairwise
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema


class Documented(GenerateJsonSchema):
    """JSON Schemas in which each field that says nothing else is described by the docstring under it."""

    def model_schema(self, schema: core_schema.ModelSchema) -> dict[str, Any]:
        """The schema of a model, with its fields described."""
        found = super().model_schema(schema)
        for name, said in field_docs(schema["cls"]).items():
            found.get("properties", {}).get(name, {}).setdefault("description", said)
        return found


def field_docs(model: type[BaseModel]) -> dict[str, str]:
    """Field -> the docstring under it, of a model and those that it is made from; nothing of one that has no source."""
    own: type[Any] = getattr(model, "__documented_by__", model)
    return {name: said for base in reversed(own.__mro__) if issubclass(base, BaseModel) for name, said in _own(base).items()}


@cache
def _own(model: type[BaseModel]) -> dict[str, str]:
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(model)))
    except (OSError, TypeError, SyntaxError):
        return {}  # made by a program
    body = next((node.body for node in tree.body if isinstance(node, ast.ClassDef)), [])
    return {
        field.target.id: inspect.cleandoc(said.value.value)
        for field, said in pairwise(body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(said, ast.Expr)
        and isinstance(said.value, ast.Constant)
        and isinstance(said.value.value, str)
    }
