"""What expansion yields: nodes, the scopes that they stand for, and the graph of one study."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from compiler.diagnostic import Span
from runtime.contract import Contract
from runtime.stage import Stage

AXES = ("location", "task", "approach", "seed", "domain", "gate", "study")


@dataclass(frozen=True)
class Scope:
    """What one node stands for; an axis that does not apply is None."""

    location: str | None = None
    task: str | None = None
    approach: str | None = None
    seed: int | None = None
    domain: str | None = None
    gate: str | None = None
    study: str | None = None

    def only(self, axes: tuple[str, ...]) -> "Scope":
        """The scope with every other axis dropped."""
        return Scope(**{axis: getattr(self, axis) for axis in axes})

    def names(self) -> dict[str, str]:
        """The axes that apply, as text."""
        return {axis: str(value) for axis in AXES if (value := getattr(self, axis)) is not None}

    def __str__(self) -> str:
        return "/".join(self.names().values())


@dataclass(frozen=True, eq=False)
class Node:
    """One planned artifact. Nodes are equal by address: `stage` and `fingerprint`.

    `origins` maps a dotted key to where a spec set it; `settings` tells, for each parameter that specs set, the layer.
    """

    stage: Stage
    scope: Scope
    params: dict[str, Any]
    inputs: Mapping[str, tuple["Node", ...]]
    backends: dict[str, dict[str, str]]
    fingerprint: str
    contract: Contract
    origins: Mapping[str, Span]
    content: str | None = None
    source_dir: str | None = None
    aliases: list[Scope] = field(default_factory=list)

    @property
    def address(self) -> tuple[str, str]:
        """Stage name and fingerprint."""
        return self.stage.name, self.fingerprint

    @property
    def label(self) -> str:
        """The node's name for people, such as `policy/cellar/press-button/enriched/0`."""
        return f"{self.stage.name}/{self.scope}" if str(self.scope) else self.stage.name

    def scopes(self) -> list[dict[str, str]]:
        """Every scope that the node stands for: the axes of its stage, and the approach, each scope once."""
        axes = tuple(dict.fromkeys((*self.stage.per, "approach")))
        unique = dict.fromkeys(alias.only(axes) for alias in self.aliases or (self.scope,))
        return [scope.names() for scope in unique]

    def parents(self) -> Iterator["Node"]:
        """Every parent, port by port."""
        for nodes in self.inputs.values():
            yield from nodes


@dataclass(frozen=True)
class Graph:
    """All nodes of one study by address, parents before children, and those that the study asks for."""

    study: str
    nodes: dict[tuple[str, str], Node]
    targets: list[Node]

    def find(self, name: str) -> list[Node]:
        """Nodes that `name` may mean: STAGE, STAGE/SCOPE, or the start of a fingerprint (6 digits or more)."""
        stage, _, rest = name.partition("/")
        return [node for node in self.nodes.values() if _is_named(node, name, stage, rest)]


def _is_named(node: Node, name: str, stage: str, rest: str) -> bool:
    digits = rest if node.stage.name == stage else name
    if node.stage.name == stage and (not rest or any(str(alias) == rest for alias in (node.scope, *node.aliases))):
        return True
    return len(digits) >= 6 and node.fingerprint.startswith(digits)
