"""Parameters that are each fine but do not go together once the layers of a cell are merged."""

import re
from collections.abc import Iterator
from functools import cache
from itertools import product
from typing import Any

from pydantic import BaseModel, JsonValue, ValidationError, create_model

from compiler.diagnostics.diagnostic import Diagnostic, Note, Span
from compiler.laws.subject import Subject
from compiler.project.layers import Layer, layer
from runtime.stage import Stage, bound_fields, load_stages

Wrong = tuple[str, tuple[str, ...]]
"""A rule's reason, and where pydantic says that it was broken."""


def merged_parameters(subject: Subject) -> Iterator[Diagnostic]:
    """S109: the rules that a stage sets over several of its parameters, for every cell of a study.

    Locations that set the same are asked once, unless something is wrong with them.
    """
    stages = load_stages()
    known: dict[str, list[Wrong]] = {}
    for name, study in subject.studies():
        project = subject.project
        if not all(x in project.locations for x in study.locations) or not all(x in project.tasks for x in study.tasks):
            continue
        approaches = [a for a in study.approaches if subject.in_shape(a)]
        alike: dict[str, list[str]] = {}
        for location in dict.fromkeys(x for _, x in subject.places(study)):
            alike.setdefault(project.locations[location].sets, []).append(location)
        common = layer(project, "study", name)
        for task, approach in product(study.tasks or [None], approaches or [None]):
            above = [layer(project, "task", task)] if task else []
            above += [layer(project, "approach", link) for link in subject.chain(approach)[::-1]] if approach else []
            for first, *more in alike.values():
                found = list(_of_cell(stages, [common, layer(project, "location", first), *above], known))
                yield from found
                for location in more if found else ():
                    yield from _of_cell(stages, [common, layer(project, "location", location), *above], known)


def _of_cell(stages: dict[str, Stage], chain: list[Layer], known: dict[str, list[Wrong]]) -> Iterator[Diagnostic]:
    for stage in sorted({s for part in chain for s in part.stages if s in stages}):
        yield from _together(stages[stage], chain, known)


@cache
def _settable(params: type[BaseModel]) -> type[BaseModel]:
    """The parameters with their common rules, and without what the compiler fills."""
    filled: dict[str, Any] = {name: (Any, None) for name in bound_fields(params)}
    return create_model(params.__name__, __base__=params, **filled)


def _together(stage: Stage, chain: list[Layer], known: dict[str, list[Wrong]]) -> Iterator[Diagnostic]:
    values: dict[str, JsonValue] = {}
    setters: dict[str, Layer] = {}
    for part in chain:
        for name, value in part.stages.get(stage.name, {}).items():
            values[name], setters[name] = value, part
    key = f"{stage.name} {values!r}"
    if key not in known:
        known[key] = _broken_rules(stage, values)
    if known[key]:
        lines = {name: part.spans.nearest(("stages", stage.name, name)) for name, part in setters.items()}
        for reason, loc in known[key]:
            yield _diagnostic(stage, reason, loc, lines)


def _broken_rules(stage: Stage, values: dict[str, JsonValue]) -> list[Wrong]:
    try:
        _settable(stage.params).model_validate(values)
    except ValidationError as error:
        return [
            (str(item["ctx"]["error"]), tuple(map(str, item["loc"])))
            for item in error.errors(include_url=False)
            if item["type"] in ("value_error", "assertion_error")
        ]
    except (AttributeError, TypeError):
        pass  # a rule that needs what the compiler fills; it holds when the node is made
    return []


def _diagnostic(stage: Stage, reason: str, loc: tuple[str, ...], lines: dict[str, Span]) -> Diagnostic:
    named = [name for name in lines if name in loc or re.search(rf"\b{re.escape(name)}\b", reason)] or list(lines)
    spans = sorted((lines[name], name) for name in named)
    notes = tuple(Note(f"`{name}` is set here", span) for span, name in spans[1:])
    message = f"parameters of `{stage.name}` do not go together: {reason.rstrip('.')}"
    return Diagnostic("S109", message, spans[0][0], notes, "change one of them")
