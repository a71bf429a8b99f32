"""The `stages:` sections of a spec against the parameters that each stage declares."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel, ConfigDict, create_model
from pydantic.fields import FieldInfo

from compiler.diagnostics.diagnostic import MOST_OF_A_FILE, Diagnostic, closest, did_you_mean, meant
from compiler.reading.source import Source, SpanPath
from compiler.shape.validate import validate
from compiler.shape.words import show
from runtime.stage import BOUND, Stage, bound_fields, load_stages

MOST_FINE = 10_000
_FINE: set[tuple[type[BaseModel] | None, str]] = set()
"""Sections without a mistake, and specs of which all are (under None): a fleet's locations often set the same."""


@cache
def overrides_of(params: type[BaseModel]) -> type[BaseModel]:
    """The model of a section: the stage's parameters, all optional, without those that the compiler fills."""
    hidden = bound_fields(params)
    fields: dict[str, Any] = {}
    for name, info in params.model_fields.items():
        if name not in hidden:
            fields[name] = (info.annotation, _with_default(info) if info.is_required() else info)
    config = ConfigDict(extra="forbid", frozen=True)
    model = create_model(params.__name__, __config__=config, __doc__=params.__doc__, **fields)
    model.__documented_by__ = params
    return model


def _with_default(info: FieldInfo) -> FieldInfo:
    copied = info._copy()
    copied.default = None
    return copied


def check_sections(source: Source) -> list[Diagnostic]:
    """What is wrong in the `stages:` section of a spec that is otherwise in shape."""
    whole = None, repr([source.value.get(key) for key in ("stages", "controls")]) if isinstance(source.value, dict) else ""
    if whole in _FINE:
        return []
    found: list[Diagnostic] = []
    for path, name, section in _sections(source.value):
        if len(found) >= MOST_OF_A_FILE:
            break
        stage = load_stages().get(name)
        if stage is None:
            found.append(unknown_stage(name, source, path))
        elif isinstance(section, dict):
            found += _section(stage, section, source, path)
    if not found and len(_FINE) < MOST_FINE:
        _FINE.add(whole)
    return found


def _sections(spec: object) -> Iterator[tuple[SpanPath, str, object]]:
    """Path, stage and content of every section, those of an approach's controls too."""
    for path, part in (((), spec), *((("controls", name), one) for name, one in _mapping(spec, "controls"))):
        yield from (((*path, "stages", name), name, section) for name, section in _mapping(part, "stages"))


def _mapping(value: object, key: str) -> list[tuple[str, object]]:
    found = value.get(key) if isinstance(value, dict) else None
    return list(found.items()) if isinstance(found, dict) else []


def unknown_stage(name: str, source: Source, path: SpanPath, *, key: bool = True) -> Diagnostic:
    """R204 at the stage's name."""
    known = sorted(load_stages())
    span = source.spans.nearest(path, key=key)
    help = did_you_mean(name, known, "stages")
    return Diagnostic("R204", f"unknown stage {show(name)}", span, help=help, fix=meant(name, known))


def _section(stage: Stage, section: Mapping[str, object], source: Source, prefix: SpanPath) -> list[Diagnostic]:
    known = (stage.params, repr(section))
    if known in _FINE:
        return []
    found = []
    for key in section:
        if key in stage.bound:
            span = source.spans.nearest((*prefix, key), key=True)
            message = f"parameter {show(key)} of `{stage.name}` is filled by the compiler"
            found.append(Diagnostic("S107", message, span, help=BOUND[stage.bound[key]]))
    settable = {key: value for key, value in section.items() if key not in stage.bound}
    wrong = validate(overrides_of(stage.params), source, prefix, settable)[1]
    if not found and not wrong and len(_FINE) < MOST_FINE:
        _FINE.add(known)
    return found + [_other_stage(d, stage) for d in wrong]


def _other_stage(diagnostic: Diagnostic, stage: Stage) -> Diagnostic:
    """An unknown parameter without a near match may belong to another stage."""
    if diagnostic.code != "S101" or diagnostic.help.startswith("did you mean"):
        return diagnostic
    key = diagnostic.message.split("`")[1]
    owners = [s.name for s in load_stages().values() if key in s.params.model_fields and key not in s.bound]
    if not owners or closest(key, owners) == stage.name:
        return diagnostic
    help = f"`{key}` is a parameter of `{'`, `'.join(sorted(owners))}`"
    return Diagnostic("S101", diagnostic.message, diagnostic.span, help=help)
