"""The seam that every stage is written against: parameters, what it needs and makes, and the registry.

A stage is one file under `runtime/stages/`. The compiler imports these files, so nothing heavy may be imported at their
top; heavy imports belong inside the stage's function.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from runtime.contract import Contract

BOUND_SOURCES = (
    "location.source hidden_site task seed domain trials cells study gate priors judged stopped claim claims waivers imported "
    "repeated snapshots learning_trials trial_seed schedule look arm peers baseline parts schedules interim_places"
).split()


Function = Callable[..., dict[str, Any]]
"""What makes an artifact and returns its metrics: called with parameters, parents by port, `out`, and back ends by role."""


class Params(BaseModel):
    """Parameters of a stage: units in field names, a docstring under each field, a default for every settable one."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


def bound(source: str, **kwargs: Any) -> Any:
    """A parameter that the compiler fills from `source`; a spec's `stages:` section cannot set it."""
    if source not in BOUND_SOURCES:
        raise ValueError(f"unknown bound source {source!r}")
    return Field(json_schema_extra={"bound": source}, **kwargs)


def marked_fields(params: type[BaseModel], mark: str) -> dict[str, Any]:
    """Field name -> what its `json_schema_extra` says under `mark`.

    Marks: `bound` (the compiler fills it), `fact` (it sets that fact of the port contract), `budget` (more of it is
    more compute, data or capacity for the policy, so a fair comparison holds it equal).
    """
    extras = {name: info.json_schema_extra for name, info in params.model_fields.items()}
    return {name: extra[mark] for name, extra in extras.items() if isinstance(extra, dict) and mark in extra}


def bound_fields(params: type[BaseModel]) -> dict[str, str]:
    """Field name -> bound source, for the fields that the compiler fills."""
    return {name: str(source) for name, source in marked_fields(params, "bound").items()}


@dataclass(frozen=True)
class Resources:
    """What one job takes: CPU cores, GPUs, memory, and minutes of wall time on those."""

    cpu: int = 1
    gpu: int = 0
    mem_gb: float = 1.0
    minutes: float = 1.0


@dataclass(frozen=True)
class Port:
    """One input of a stage: the artifact type it takes, whether it takes many, whether it may be absent.

    A `common` port takes the baseline's artifact for every approach, so that all are judged by the same yardstick. A
    port of `peers` takes all artifacts of its type at the node's own place, of every approach and seed, up to the
    node's own look; an `earlier` one takes that of the look before, and is empty at the first. The type `any` is for
    gates alone: they take what their rule speaks of.
    """

    name: str
    kind: str
    many: bool = False
    optional: bool = False
    common: bool = False
    peers: bool = False
    earlier: bool = False


@dataclass(frozen=True)
class Stage:
    """A registered stage. `kind` is the artifact type that it provides; `per` says what one node stands for."""

    name: str
    version: int
    kind: str
    per: tuple[str, ...]
    ports: tuple[Port, ...]
    makes: Mapping[str, str]
    backends: tuple[str, ...]
    params: type[Params]
    function: Function
    cost: Callable[[Any], Resources]
    offers: Callable[[Any, dict[str, Contract]], Contract]
    expects: Callable[[Any], dict[str, Contract]]
    agree: tuple[tuple[str, str], ...] = ()
    doc: str = ""
    bound: Mapping[str, str] = field(default_factory=dict)

    def port(self, name: str) -> Port | None:
        """The port of that name, if the stage has one."""
        return next((p for p in self.ports if p.name == name), None)


REGISTRY: dict[str, Stage] = {}


def expects_nothing(p: Any) -> dict[str, Contract]:
    """A stage without `expects`: any parent will do."""
    return {}


PORT_MARKS = {"*": ("many",), "?": ("optional",), "!": ("common",), "@": ("many", "peers"), "^": ("earlier",)}
"""What may stand behind the artifact type that a port needs -> what it says of the port."""


def _port(name: str, need: str) -> Port:
    kind = need.rstrip("".join(PORT_MARKS))
    return Port(name, kind, **dict.fromkeys(PORT_MARKS.get(need[len(kind) :], ()), True))


def stage(
    *,
    version: int,
    makes: dict[str, str],
    needs: dict[str, str] | None = None,
    per: tuple[str, ...] = ("location",),
    kind: str | None = None,
    backends: tuple[str, ...] = (),
    offers: Callable[[Any, dict[str, Contract]], Contract] = lambda p, inputs: Contract(),
    expects: Callable[[Any], dict[str, Contract]] = expects_nothing,
    agree: tuple[tuple[str, str], ...] = (),
    cost: Callable[[Any], Resources] = lambda p: Resources(),
) -> Callable[[Function], Function]:
    """Register the decorated function as a stage; its first argument is annotated with its `Params` class.

    `needs` maps a port to an artifact type, `TYPE*` for many parents, `TYPE?` for one that may be absent,
    `TYPE!` for one that is the baseline's whatever the approach, `TYPE@` for all at the same place and `TYPE^` for that
    of the look before (see `Port`). `makes` maps a name to a path in the artifact, a
    folder when it ends in `/`; a name ending in `?` may be absent. `offers` and `expects` state port contracts that are
    known before anything is built; each pair in `agree` names two ports whose parents must meet: the first one's
    contract is what is wanted of the second.

    Raises:
        TypeError: when the first argument is not annotated with a `Params` class.
    """

    def register(function: Function) -> Function:
        name = getattr(function, "__name__", "")
        first = next(iter(inspect.signature(function).parameters.values()))
        params = first.annotation
        if not (isinstance(params, type) and issubclass(params, Params)):
            raise TypeError(f"stage {name}: the first argument must be annotated with its Params class")
        REGISTRY[name] = Stage(
            name=name,
            version=version,
            kind=kind or name,
            per=per,
            ports=tuple(_port(k, v) for k, v in (needs or {}).items()),
            makes=makes,
            backends=backends,
            params=params,
            function=function,
            cost=cost,
            offers=offers,
            expects=expects,
            agree=agree,
            doc=inspect.getdoc(function) or "",
            bound=bound_fields(params),
        )
        return function

    return register


def load_stages() -> dict[str, Stage]:
    """Import every file of `runtime.stages` and return the registry, by name."""
    _import_stages()
    return REGISTRY


@cache
def _import_stages() -> None:
    package = importlib.import_module("runtime.stages")
    for module in sorted(m.name for m in pkgutil.iter_modules(package.__path__)):
        importlib.import_module(f"runtime.stages.{module}")


def providers(kind: str) -> list[str]:
    """Names of the stages that provide an artifact type; the stage of that very name first."""
    names = sorted(s.name for s in load_stages().values() if s.kind == kind)
    return sorted(names, key=lambda n: n != kind)
