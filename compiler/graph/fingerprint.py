"""Node -> address: a hash of all that an artifact's content depends on, and of nothing else.

Titles, comments, file names, line numbers and the names of locations or approaches are not part of it, so editing them
rebuilds nothing and equal work is shared. Going back to an old value gives the old address, and its artifact.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

LENGTH = 32


def fingerprint(
    stage: str,
    identity: str,
    params: Mapping[str, Any],
    inputs: Mapping[str, Sequence[str]],
    backends: Mapping[str, Mapping[str, str]],
    content: str | None = None,
) -> str:
    """The address of an artifact: 32 hexadecimal digits (128 bits of SHA-256).

    Args:
        stage: name of the stage.
        identity: what stands for its code and libraries (`compiler.graph.identity.Identity.text`).
        params: its parameters as `addressed` gives them.
        inputs: port -> fingerprints of the parents, in order.
        backends: role -> name and version of the back end, its libraries, its code.
        content: digest of photos or a splat outside the project, for a capture.
    """
    return joined(head(stage, identity, params), inputs, canonical(backends), content)


def addressed(model: BaseModel, params: dict[str, Any]) -> dict[str, Any]:
    """A model's JSON values, as far as they are part of an address: defaults included, apart from fields that were added
    later and still have the value that they were born with (`runtime.bound.base.later`). A bound model beyond its first version
    says so."""
    return _pruned(model, params) if _grown(type(model)) else params


def _pruned(value: Any, dumped: Any) -> Any:
    if isinstance(value, BaseModel) and _grown(type(value)):
        kept = {
            name: _pruned(getattr(value, name), part)
            for name, part in dumped.items()
            if not _unborn(type(value), name, getattr(value, name))
        }
        version = getattr(type(value), "bound_version", 1)
        return kept | ({"@version": version} if version > 1 else {})
    if isinstance(value, list | tuple):
        return [_pruned(a, b) for a, b in zip(value, dumped, strict=True)]
    if isinstance(value, Mapping):
        return {key: _pruned(a, b) for a, (key, b) in zip(value.values(), dumped.items(), strict=True)}
    return dumped


def _unborn(model: type[BaseModel], name: str, value: Any) -> bool:
    mark = _mark(model.model_fields[name])
    return "since" in mark and value == mark["born"]


def _mark(field: FieldInfo) -> dict[str, Any]:
    extra = field.json_schema_extra
    return extra if isinstance(extra, dict) else {}


@cache
def _grown(model: type[BaseModel]) -> bool:
    """Whether a model, or any that it holds, has grown: a field that came later, or a version of its own."""
    fields = model.model_fields.values()
    if getattr(model, "bound_version", 1) > 1 or any("since" in _mark(field) for field in fields):
        return True
    return any(_grown(held) for field in fields for held in _models(field.annotation) if held is not model)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models that a type mentions."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)


def head(stage: str, identity: str, params: Mapping[str, Any]) -> str:
    """The part of what is hashed that thousands of nodes share."""
    return f"[{canonical(stage)},{identity},{canonical(params)}"


def joined(head: str, inputs: Mapping[str, Sequence[str]], backends: str, content: str | None) -> str:
    """`fingerprint` from its head and from back ends as canonical JSON."""
    ports = ",".join([f"{quoted}:{_list(inputs[port])}" for port, quoted in _ports(tuple(inputs))])
    text = f"{head},{{{ports}}},{backends},{'null' if content is None else _quoted(content)}]"
    return hashlib.sha256(text.encode()).hexdigest()[:LENGTH]


@lru_cache(maxsize=4096)
def _ports(names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Names of ports, sorted, and as JSON."""
    return tuple((name, _encode(name)) for name in sorted(names))


def _list(fingerprints: Sequence[str]) -> str:
    """Fingerprints are digits and letters, so that quotes around them are JSON."""
    return f'["{'","'.join(fingerprints)}"]' if fingerprints else "[]"


_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


def canonical(value: Any) -> str:
    """JSON with sorted keys and no spaces: one text for each value."""
    return _encode(value)


_quoted = lru_cache(maxsize=4096)(_encode)
