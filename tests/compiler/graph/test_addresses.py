"""Addresses outlive neutral additions, and nothing else: over every stage's parameters and every bound model in them."""

from collections.abc import Iterator
from functools import cache, reduce
from operator import or_
from types import GenericAlias
from typing import Any, ClassVar

import pytest
from pydantic import BaseModel, create_model

from compiler.graph.bindings import BINDINGS
from compiler.graph.expand import expand
from compiler.graph.fingerprint import addressed, canonical
from compiler.project.load import load_project
from runtime.bound.base import Bound, later
from runtime.stage import BOUND, load_stages
from tests import REPOSITORY


@cache
def settings() -> dict[str, BaseModel]:
    """One validated set of parameters for each stage, from this repository's own studies."""
    project = load_project(REPOSITORY)
    graphs = [expand(project, study) for study in project.studies if not project.studies[study].targets]
    return {node.stage.name: node.setting.model for graph in graphs for node in graph.nodes.values()}


def held(value: Any) -> Iterator[BaseModel]:
    """Every model inside of a value, itself first."""
    if isinstance(value, BaseModel):
        yield value
        for name in type(value).model_fields:
            yield from held(getattr(value, name))
    elif isinstance(value, dict | list | tuple):
        for part in value.values() if isinstance(value, dict) else value:
            yield from held(part)


def hashed(model: BaseModel) -> dict[str, Any]:
    return addressed(model, model.model_dump(mode="json"))


def grown(root: BaseModel, model: type[BaseModel], fields: dict[str, Any], **values: Any) -> BaseModel:
    """The same parameters, had a model in them further fields."""
    child = create_model(model.__name__, __base__=model, **fields)

    def again(value: Any) -> tuple[Any, Any]:
        """The value with the grown model in the place of the other, and its type; None for the type where nothing changed."""
        if isinstance(value, BaseModel):
            cls = child if type(value) is model else type(value)
            parts = {name: again(getattr(value, name)) for name in type(value).model_fields}
            retyped: dict[str, Any] = {name: (kind, ...) for name, (_, kind) in parts.items() if kind is not None}
            cls = create_model(cls.__name__, __base__=cls, **retyped) if retyped else cls
            extra = values if issubclass(cls, child) else {}
            made = cls.model_construct(**{name: part for name, (part, _) in parts.items()}, **extra)
            return made, None if cls is type(value) else cls
        if isinstance(value, list | tuple | dict) and value:
            keys, parts = zip(*(value.items() if isinstance(value, dict) else enumerate(value)), strict=True)
            made, kinds = zip(*map(again, parts), strict=True)
            inside = reduce(or_, {type(part) for part in made})
            if isinstance(value, dict):
                return dict(zip(keys, made, strict=True)), (GenericAlias(dict, (str, inside)) if any(kinds) else None)
            args = (inside, ...) if isinstance(value, tuple) else (inside,)
            return type(value)(made), (GenericAlias(type(value), args) if any(kinds) else None)
        return value, None

    return again(root)[0]


MODELS = [(stage, name) for stage, root in settings().items() for name in {type(model).__name__: None for model in held(root)}]


@pytest.mark.parametrize(("stage", "name"), MODELS)
def test_a_neutral_addition_changes_no_address_and_any_other_does(stage: str, name: str) -> None:
    root = settings()[stage]
    model = next(type(found) for found in held(root) if type(found).__name__ == name)
    now = canonical(hashed(root))
    neutral = {"new": (float, later(0.5, since=2))}
    assert canonical(hashed(grown(root, model, neutral, new=0.5))) == now
    assert canonical(hashed(grown(root, model, neutral, new=0.75))) != now
    assert canonical(hashed(grown(root, model, {"new": (float, 0.5)}, new=0.5))) != now
    moved = {"new": (float, later(0.5, since=2, default=0.75))}
    assert canonical(hashed(grown(root, model, moved, new=0.75))) != now, "a default that moved is another address"


def test_a_bound_model_beyond_its_first_version_is_another_address() -> None:
    class Second(BaseModel):
        bound_version: ClassVar[int] = 2
        x: int = 1

    class First(BaseModel):
        x: int = 1

    assert hashed(First()) == {"x": 1}
    assert hashed(Second()) == {"x": 1, "@version": 2}


def test_no_addition_is_younger_than_what_holds_it() -> None:
    holders: dict[type[BaseModel], int] = {stage.params: stage.version for stage in load_stages().values()}
    holders |= {
        type(model): type(model).bound_version for root in settings().values() for model in held(root) if isinstance(model, Bound)
    }
    for holder, version in holders.items():
        for name, info in holder.model_fields.items():
            mark = info.json_schema_extra
            if isinstance(mark, dict) and "since" in mark:
                assert int(str(mark["since"])) <= version, f"{holder.__name__}.{name}"


def test_each_bound_source_has_one_entry() -> None:
    assert BINDINGS.keys() == BOUND.keys()
