"""The seam that every stage is written against: parameters, what it needs and makes, and the registry.

A stage is one file under `runtime/stages/`. The compiler imports these files, so nothing heavy may be imported at their
top; heavy imports belong inside the stage's function.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from runtime.contract import Contract
from runtime.libraries import Precision

BOUND = {
    "location.source": "set it in the location's `source`",
    "location.scene": "set it in the location's `scene`",
    "location.assets": "set it in the location's `assets`",
    "location.footage": "set it in the location's `footage`",
    "location.physion": "set it in the location's `physion`",
    "data": "set `data` in the location or the task",
    "cameras": "set it in `cameras` of the study or the location",
    "benchmark": "set it in the location's `source`",
    "lab": "set it in the location's `source`",
    "hidden_site": "remove it; only `irl_proxy` trials see the site",
    "site": "remove it; a stage declares what it takes of a site",
    "recordable": "set `data` in the location or the task, or remove it",
    "task": "set it in the task",
    "robot": "set it in the study's `robot`",
    "approach.policy": "set it in the approach's `policy`",
    "approach.policy.fps": "set it in the approach's `policy`",
    "approach.policy.cameras": "set it in the approach's `policy`",
    "fixed_policies": "remove it; the approaches' `policy` and `inputs` decide it",
    "placebos": "set `placebos` of the study",
    "clean_of": "remove it; what the study's approaches extend decides it",
    "gate": "set it in the gate",
    "claim": "set it in the study's `claims`",
    "seed": "set the study's `seeds`, or `training_seed_offset`",
    "domain": "set the study's `trials`",
    "trials": "set the study's `trials`",
    "study": "remove it; the study as a whole decides it",
    "cells": "remove it; the study's locations, tasks, approaches, seeds and trials make the cells",
    "claims": "set the study's `claims`",
    "waivers": "set the study's `waivers`",
    "priors": "set it in each approach's `row`",
    "baseline": "set the study's `baseline`",
    "imported": "set the study's `imported`",
    "repeated": "set the study's `repeated`",
    "audit": "fill in a sheet of `simkiln audit`",
    "preferences": "keep them with `simkiln trials prefer --study`",
    "exploited": "list the gate in the study's `gates`",
    "required": "name the gate under `requires` of the claim",
    "judged": "remove it; the gate's rule says what is judged",
    "stopped": "remove it; gates decide it by `on_fail`",
    "unrecorded": "set `code` in simkiln.local.yaml",
    "snapshots": "set the study's `learning`",
    "learning_trials": "set the study's `learning`",
    "states": "set the study's `trials`",
    "gap_trials": "set the study's `gap_factors`",
    "gap_orders": "set the study's `gap_factors`",
    "gap_levels": "set the study's `conditions`",
    "schedule": "set the study's `sequential`",
    "schedules": "set the study's `sequential`",
    "look": "set the study's `sequential`",
    "interim_places": "set the study's `sequential`",
    "parts": "set the study's `sequential`",
    "arm": "remove it; it is the approach's id",
    "peers": "set the study's `approaches` and `seeds`",
}
"""What a parameter may be bound to -> what people set in its place."""


Function = Callable[..., dict[str, Any]]
"""What makes an artifact and returns its metrics: called with parameters, parents by port, `out`, and back ends by role."""


class Params(BaseModel):
    """Parameters of a stage: units in field names, a docstring under each field, a default for every settable one."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def bound(source: str, since: int | None = None, **kwargs: Any) -> Any:
    """A parameter that the compiler fills from `source`; a spec's `stages:` section cannot set it. One that came with a version
    of the stage (`since`) is part of no address while it is its default, as `runtime.bound.base.later` says."""
    if source not in BOUND:
        raise ValueError(f"unknown bound source {source!r}")
    born = {} if since is None else {"since": since, "born": kwargs["default"]}
    marks = kwargs.pop("json_schema_extra", {})
    return Field(json_schema_extra={"bound": source, **born, **marks}, **kwargs)


def marked_fields(params: type[BaseModel], mark: str) -> dict[str, Any]:
    """Field name -> what its `json_schema_extra` says under `mark`.

    Marks: `bound` (the compiler fills it), `fact` (it sets that fact of the port contract), `budget` (more of it is more
    compute, data or capacity for the policy, so a fair comparison holds it equal), `rollouts` (domain -> rollouts for
    development that one of it is at most), `recorded` (one of it is an episode recorded at the real place, `by_program`, or
    steered by people: `teleoperated`; or one of it is a step there, `control_steps`), `instead` (a section of specs that takes
    its place), `metric_of` (it names a metric of what that port reads), `parts_of_task` (its keys are among those that this
    attribute of the task names); `since` and `born` are those of `runtime.bound.base.later`.
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
    """One input of a stage: the artifact type it takes, and whose artifact of that type; see the functions below."""

    kind: str
    whose: Literal["own", "baseline", "previous", "peers", "places", "study"] = "own"
    optional: bool = False
    along: str = ""
    only_own: bool = False
    """Whether nothing but what the stage itself made before can be read."""
    said: str = ""
    """A key of the study: where it says nothing there, the port stays empty."""
    name: str = ""

    @property
    def many(self) -> bool:
        """Whether it takes a list."""
        return self.whose in ("peers", "places", "study")


def one(kind: str) -> Port:
    """The artifact of the node's own scope."""
    return Port(kind)


def maybe(kind: str) -> Port:
    """The same, where an approach asks for one; else None."""
    return Port(kind, optional=True)


def said(kind: str) -> Port:
    """The one that stands for what the study says under the key of that name; None where it says nothing."""
    return Port(kind, optional=True, said=kind)


def baselines(kind: str) -> Port:
    """The baseline's, whatever the approach, so that all are judged by the same yardstick."""
    return Port(kind, "baseline")


def previous(kind: str, along: str, only_own: bool = False) -> Port:
    """That of the step before along a numbered axis (`round`, `look`), the stage's own where it makes that type (with `only_own`
    no other can be wired); None at the first."""
    return Port(kind, "previous", along=along, only_own=only_own)


def peers(kind: str) -> Port:
    """All at the node's own place, task and domain, of every approach and seed, up to its look."""
    return Port(kind, "peers")


def places(kind: str) -> Port:
    """Those of each location of the set that the stage stands for, made as the asking approach, task and seed make them; where
    the stage stands for no task or seed, of all of the study. What is held out is not among them."""
    return Port(kind, "places")


def every(kind: str) -> Port:
    """All of the study, in its order. The type `any` is for gates alone: they take what their rule speaks of."""
    return Port(kind, "study")


Role = Literal["", "conditions", "trials", "look", "curve", "factors", "replay", "own", "evidence", "gate", "claim", "report"]
"""What a study does with a stage: what its trials begin from, trials of cells (in `domains`), an interim look at them, trials of
checkpoints, trials that explain a gap (in `domains`), replays that hold a twin against its place and trials in what an approach
makes of its own (both where `targets` name them), the comparison of all, a gate, a claim, the report. Without a role it is made
where something reads it."""


Takes = Literal["", "photos", "trials", "recordings", "truth"]
"""What a stage takes of a hidden site: photos of it, trials there, recordings (new real data), or what is true of it (for
diagnosis and report alone)."""


@dataclass(frozen=True)
class Stage:
    """A registered stage. `kind` is the artifact type that it provides; `per` says what one node stands for, and `over` which of
    a study's sets where that is a set of locations."""

    name: str
    version: int
    kind: str
    per: tuple[str, ...]
    ports: tuple[Port, ...]
    makes: Mapping[str, str]
    metrics: Mapping[str, str]
    backends: tuple[str, ...]
    params: type[Params]
    function: Function
    cost: Callable[[Any], Resources]
    offers: Callable[[Any, dict[str, Contract]], Contract]
    expects: Callable[[Any], dict[str, Contract]]
    agree: tuple[tuple[str, str], ...] = ()
    same: tuple[tuple[str, str], ...] = ()
    role: Role = ""
    domains: tuple[str, ...] = ()
    over: str = ""
    takes: Takes = ""
    libraries: Mapping[str, Precision] = field(default_factory=dict)
    doc: str = ""
    bound: Mapping[str, str] = field(default_factory=dict)

    def unit(self, metric: str) -> str | None:
        """The unit of a metric that it declares; None where it declares no such one."""
        parts = metric.split(".")
        names = [metric, *(".".join([*parts[:i], "*"]) for i in range(len(parts) - 1, 0, -1))]
        return next((self.metrics[name] for name in names if name in self.metrics), None)

    def port(self, name: str) -> Port | None:
        """The port of that name, if the stage has one."""
        return next((p for p in self.ports if p.name == name), None)


REGISTRY: dict[str, Stage] = {}


def by_unit(**names: str) -> dict[str, str]:
    """What a stage may record: metric -> unit, from names under each unit, such as `dB="psnr psnr_matched"`. `count` and `share`
    (0..1) are pure numbers, `text` is what no gate can judge; `NAME.*` stands for all that is recorded below a name."""
    return {name: unit for unit, listed in names.items() for name in listed.split()}


def expects_nothing(p: Any) -> dict[str, Contract]:
    """A stage without `expects`: any parent will do."""
    return {}


def stage(
    *,
    version: int,
    makes: dict[str, str],
    metrics: Mapping[str, str] | None = None,
    libraries: Mapping[str, Precision] | None = None,
    needs: dict[str, Port] | None = None,
    per: tuple[str, ...] = ("location",),
    kind: str | None = None,
    role: Role = "",
    domains: tuple[str, ...] = (),
    over: str = "",
    takes: Takes = "",
    backends: tuple[str, ...] = (),
    offers: Callable[[Any, dict[str, Contract]], Contract] = lambda p, inputs: Contract(),
    expects: Callable[[Any], dict[str, Contract]] = expects_nothing,
    agree: tuple[tuple[str, str], ...] = (),
    same: tuple[tuple[str, str], ...] = (),
    cost: Callable[[Any], Resources] = lambda p: Resources(),
) -> Callable[[Function], Function]:
    """Register the decorated function as a stage; its first argument is annotated with its `Params` class.

    `needs` maps a port to whose artifact of which type it takes, in the words above. `makes` maps a name to a path in the
    artifact, a folder when it ends in `/`; a name ending in `?` may be absent. `metrics` maps what it may record to units
    (`by_unit`): gates that ask for anything else are refused. `offers` and `expects` state contracts that are known before
    anything is built; each pair in `agree` names two ports whose parents must meet: the first one's contract is what is wanted
    of the second. Each pair in `same` names a port, and one at which must stand what the former's artifact itself read at its
    port of that name. `libraries` are those of others whose version can change what is made, each with how much of it counts
    (`runtime.libraries`); those that a back end brings are its own.

    Raises:
        TypeError: when the first argument is not annotated with a `Params` class, or what stands for one approach reads the
            whole study.
    """

    def register(function: Function) -> Function:
        name = getattr(function, "__name__", "")
        first = next(iter(inspect.signature(function).parameters.values()))
        params = first.annotation
        if not (isinstance(params, type) and issubclass(params, Params)):
            raise TypeError(f"stage {name}: the first argument must be annotated with its Params class")
        if "approach" in per and (wide := [port for port, of in (needs or {}).items() if of.whose == "study"]):
            raise TypeError(f"stage {name}: `{wide[0]}` would read the baseline's for every approach: say `places`, or `peers`")
        if ("set" in per) != bool(over):
            raise TypeError(f"stage {name}: `per` has `set` exactly where `over` names one")
        REGISTRY[name] = Stage(
            name=name,
            version=version,
            kind=kind or name,
            per=per,
            ports=tuple(replace(port, name=key) for key, port in (needs or {}).items()),
            makes=makes,
            metrics=dict(metrics or {}),
            backends=backends,
            params=params,
            function=function,
            cost=cost,
            offers=offers,
            expects=expects,
            agree=agree,
            same=same,
            role=role,
            domains=domains,
            over=over,
            takes=takes,
            libraries=dict(libraries or {}),
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
