"""Nodes, the scopes that they stand for, and what gates have stopped of them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any, NamedTuple

from compiler.diagnostics.diagnostic import Span
from compiler.graph.identity import Identity
from runtime.bound.axis import AXES
from runtime.bound.cell import Cell
from runtime.bound.domain import Domain
from runtime.contract import Contract
from runtime.stage import Params, Resources, Stage

Address = tuple[str, str]
"""Stage name and fingerprint."""


class Scope(NamedTuple):
    """What one node stands for; an axis that does not apply is None."""

    location: str | None = None
    set: str | None = None
    task: str | None = None
    approach: str | None = None
    seed: int | None = None
    round: int | None = None
    domain: Domain | None = None
    look: int | None = None
    gate: str | None = None
    claim: str | None = None
    study: str | None = None

    def only(self, axes: tuple[str, ...]) -> "Scope":
        """The scope with every other axis dropped."""
        return Scope._make([value if kept else None for value, kept in zip(self, _kept(axes), strict=True)])

    def names(self) -> dict[str, str]:
        """The axes that apply, as text."""
        return {axis: str(value) for axis, value in zip(AXES, self, strict=True) if value is not None}

    def __str__(self) -> str:
        return "/".join(str(value) for value in self if value is not None)


@cache
def _kept(axes: tuple[str, ...]) -> tuple[bool, ...]:
    return tuple(axis in axes for axis in AXES)


@dataclass(frozen=True, eq=False)
class Setting:
    """Parameters of a stage after merging and validation, shared by every node that has just these.

    `text` is stage, identity and parameters as fingerprints hash them; `expects` what they want of each port's parents.
    `built` is what takes its place for an artifact that has to be built by code that no version records, while that is ignored.
    """

    stage: Stage
    identity: Identity
    model: Params
    params: dict[str, Any]
    text: str
    expects: Mapping[str, Contract]
    built: "Setting | None" = None

    @cached_property
    def resources(self) -> Resources:
        """What the stage declares that a job with these parameters takes."""
        return self.stage.cost(self.model)


@dataclass(slots=True, eq=False)
class Node:
    """One planned artifact. Nodes are equal by address: `stage` and `fingerprint`.

    `aliases` are further scopes that it stands for and `askers` the approaches that need it, because equal work is
    shared. `trace` finds the spec lines that shaped it.
    """

    setting: Setting
    scope: Scope
    inputs: Mapping[str, tuple["Node", ...]]
    backends: dict[str, dict[str, str]]
    address: Address
    contract: Contract
    trace: Callable[["Node"], Mapping[str, Span]]
    content: str | None = None
    source_dir: str | None = None
    aliases: list[Scope] = field(default_factory=list)
    askers: tuple[str, ...] = ()

    @property
    def stage(self) -> Stage:
        """The stage that makes it."""
        return self.setting.stage

    @property
    def params(self) -> dict[str, Any]:
        """Its parameters as JSON values, defaults included."""
        return self.setting.params

    @property
    def origins(self) -> Mapping[str, Span]:
        """Dotted key -> where a spec set it; a parameter that no spec set is absent."""
        return self.trace(self)

    @property
    def fingerprint(self) -> str:
        """What all that it depends on comes to; with the stage's name, its address."""
        return self.address[1]

    @property
    def label(self) -> str:
        """The node's name for people, such as `policy/cellar/press-button/enriched/0`."""
        return f"{self.stage.name}/{self.scope}" if any(v is not None for v in self.scope) else self.stage.name

    def scopes(self) -> list[dict[str, str]]:
        """Every scope that the node stands for: the axes of its stage, and the approach, each scope once."""
        return scopes_of(self.stage, [self.scope, *self.aliases], self.askers)

    def stands_for(self, scope: Scope, askers: tuple[str, ...]) -> None:
        """Note a further scope that the node stands for, and approaches that need it."""
        if scope != self.scope and scope not in self.aliases:
            self.aliases.append(scope)
        if askers != self.askers:
            self.askers = tuple(dict.fromkeys(self.askers + askers))

    def parents(self) -> Iterator["Node"]:
        """Every parent, port by port."""
        for nodes in self.inputs.values():
            yield from nodes


def scopes_of(stage: Stage, own: list[Scope], askers: tuple[str, ...]) -> list[dict[str, str]]:
    """What a node with these scopes stands for: the axes of its stage, and who asks for it, each scope once."""
    if "approach" not in stage.per and askers:
        own = [scope._replace(approach=asker) for scope in own for asker in askers]
    return [scope.names() for scope in own]


@dataclass(frozen=True)
class Stops:
    """What failed gates have stopped: nodes (address -> gates), cells, and locations without any cell left."""

    nodes: Mapping[Address, tuple[str, ...]] = field(default_factory=dict)
    cells: frozenset[Cell] = frozenset()
    locations: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    """Those of `locations` that only gates with `skip_downstream` stopped."""
    reasons: Mapping[str, str] = field(default_factory=dict)
    """Gate -> what was measured and what was wanted."""
    places: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Gate -> locations at which it has stopped something."""

    def lines(self) -> list[str]:
        """A line for people for each gate that stopped something."""
        said = self.reasons.items()
        return [f"stopped by gate `{gate}`: {reason}; not run at {', '.join(self.places[gate])}" for gate, reason in said]
