"""Parameters that are each fine but do not go together once the layers of a cell are merged."""

import re
from collections.abc import Iterator
from functools import cache
from itertools import product
from typing import Any

from pydantic import BaseModel, ValidationError, create_model

from compiler.diagnostic import Diagnostic, Note, Span
from compiler.laws.subject import Subject
from compiler.layers import Layer, layers
from runtime.stage import Stage, bound_fields, load_stages


def merged_parameters(subject: Subject) -> Iterator[Diagnostic]:
    """S109: the rules that a stage sets over several of its parameters, for every cell of a study."""
    stages = load_stages()
    for name, study in subject.studies():
        known = subject.project
        if not all(x in known.locations for x in study.locations) or not all(x in known.tasks for x in study.tasks):
            continue
        approaches = [a for a in study.approaches if all(link in known.approaches for link in subject.chain(a))]
        for location, task, approach in product(study.locations, study.tasks or [None], approaches or [None]):
            chain = list(layers(known, name, location, task, approach))
            for stage in sorted({stage for layer in chain for stage in layer.stages if stage in stages}):
                yield from _together(stages[stage], chain)


@cache
def _settable(params: type[BaseModel]) -> type[BaseModel]:
    """The parameters with their common rules, and without what the compiler fills."""
    filled: dict[str, Any] = {name: (Any, None) for name in bound_fields(params)}
    return create_model(params.__name__, __base__=params, **filled)


def _together(stage: Stage, chain: list[Layer]) -> Iterator[Diagnostic]:
    values: dict[str, Any] = {}
    lines: dict[str, Span] = {}
    for layer in chain:
        for name, value in layer.stages.get(stage.name, {}).items():
            values[name] = value
            lines[name] = layer.spans.nearest(("stages", stage.name, name))
    try:
        _settable(stage.params).model_validate(values)
    except ValidationError as error:
        for item in error.errors(include_url=False):
            if item["type"] in ("value_error", "assertion_error"):
                yield _diagnostic(stage, str(item["ctx"]["error"]), [str(step) for step in item["loc"]], lines)
    except (AttributeError, TypeError):
        return  # a rule that needs what the compiler fills; it holds when the node is made


def _diagnostic(stage: Stage, reason: str, loc: list[str], lines: dict[str, Span]) -> Diagnostic:
    named = [name for name in lines if name in loc or re.search(rf"\b{re.escape(name)}\b", reason)] or list(lines)
    spans = sorted((lines[name], name) for name in named)
    notes = tuple(Note(f"`{name}` is set here", span) for span, name in spans[1:])
    message = f"parameters of `{stage.name}` do not go together: {reason.rstrip('.')}"
    return Diagnostic("S109", message, spans[0][0], notes, "change one of them")
