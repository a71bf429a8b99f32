"""What expansion yields: the graph of one study."""

from collections.abc import Container, Mapping
from dataclasses import dataclass, field

from compiler.graph.node import Address, Node, Stops
from compiler.graph.pattern import Pattern
from compiler.graph.settled import Settled


@dataclass(frozen=True)
class Graph:
    """All nodes of one study by address, parents before children, and those that the study asks for."""

    study: str
    nodes: dict[Address, Node]
    targets: list[Node]
    stopped: Stops | None = None
    """What failed gates have stopped; such nodes are among `nodes`, and nothing that is built reads them."""
    samples: list[Node] = field(default_factory=list)
    """Nodes with every combination of setting and port contracts that there is: enough for laws over those."""
    locations: tuple[str, ...] = ()
    """The study's, in its order."""
    settled: Settled | None = None
    """Locations that were taken over from an earlier expansion: their nodes are not among `nodes`."""
    rows: Mapping[str, tuple[str, Pattern, list[Node]]] = field(default_factory=dict)
    """Location -> what its spec has in common with others of its pattern, the pattern, and its nodes in that order."""

    def places(self) -> list[str | None]:
        """Every location that has a node, in the study's order; None stands last for nodes of no location."""
        made = dict.fromkeys(node.scope.location for node in self.nodes.values())
        taken: Container[str] = self.settled or ()
        listed = [x for x in self.locations if x in made or x in taken]
        return sorted(dict.fromkeys([*listed, *made]), key=lambda name: name is None)

    @property
    def size(self) -> int:
        """How many nodes there are."""
        return len(self.nodes) + (self.settled.count if self.settled else 0)

    def find(self, name: str) -> list[Node]:
        """Nodes that `name` may mean: STAGE, STAGE/SCOPE, or the start of a fingerprint (6 digits or more)."""
        stage, _, rest = name.partition("/")
        return [node for node in self.nodes.values() if _is_named(node, name, stage, rest)]


def _is_named(node: Node, name: str, stage: str, rest: str) -> bool:
    digits = rest if node.stage.name == stage else name
    if node.stage.name == stage and (not rest or any(str(alias) == rest for alias in (node.scope, *node.aliases))):
        return True
    return len(digits) >= 6 and node.fingerprint.startswith(digits)
