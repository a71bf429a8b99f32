"""What a node is compared with: an artifact of the store, or the node of another git revision."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from compiler.graph.fingerprint import canonical
from compiler.graph.graph import Graph
from compiler.graph.node import Address, Node
from compiler.plan.changes import Key, key
from compiler.store.fact import Fact, Inputs, address_of
from compiler.store.index import StoreIndex


@dataclass(frozen=True)
class Record:
    """All that an address is made of. `built` is None for what is only planned; `label` is for people."""

    stage: str
    fingerprint: str
    label: str
    version: int
    params: Mapping[str, Any]
    backends: Mapping[str, Mapping[str, str]]
    parents: Mapping[str, tuple[Address, ...]]
    content: str | None
    libraries: Mapping[str, str] = field(default_factory=dict)
    code: str = ""
    built: float | None = None

    @property
    def address(self) -> Address:
        """Stage name and fingerprint."""
        return self.stage, self.fingerprint


class Past(Protocol):
    """Where earlier forms of nodes are found."""

    def before(self, node: Node) -> Record | None:
        """The earlier form of a node, of another address; None when it is new."""
        ...

    def at(self, address: Address) -> Record | None:
        """What stood at an address; None when that is not known (any more)."""
        ...


def record_of(node: Node) -> Record:
    """A planned node as a record."""
    parents = {port: tuple(p.address for p in found) for port, found in node.inputs.items()}
    of = node.setting.identity
    what = (of.version, node.params, node.backends, parents, node.content, of.libraries, of.code)
    return Record(*node.address, node.label, *what)


class StorePast:
    """The store: the latest artifact of the same stage and scope."""

    def __init__(self, index: StoreIndex) -> None:
        self._index = index
        self._read: set[str] = set()
        self._by_key: dict[Key, list[Fact]] = defaultdict(list)

    def before(self, node: Node) -> Record | None:
        """The artifact that the node takes the place of."""
        self._read_stage(node.stage.name)
        found = [fact for scope in node.scopes() for fact in self._by_key.get(key(node.stage.name, scope), ())]
        found = [fact for fact in found if fact.address != node.address]
        return self.at(max(found, key=lambda f: (f.built, f.fingerprint)).address) if found else None

    def at(self, address: Address) -> Record | None:
        """A published artifact."""
        inputs = self._index.inputs(address)
        return None if inputs is None else _record(self._index.facts([address])[0], inputs)

    def nearest(self, node: Node) -> Record | None:
        """The artifact of the node's stage with the fewest differences, whatever it stood for."""
        best: tuple[int, str, Inputs] | None = None
        parents = {"/".join(p.address) for p in node.parents()}
        known = {fact.address: fact for fact in self._index.of_stage(node.stage.name)}
        for inputs in self._index.inputs_of(node.stage.name):
            address = node.stage.name, inputs["fingerprint"]
            if address in known and address != node.address:
                theirs = {text for found in inputs["parents"].values() for text in found}
                distance = len(differing(node.params, inputs["params"])) + 2 * len(parents - theirs)
                if best is None or (distance, address[1]) < best[:2]:
                    best = (distance, address[1], inputs)
        return None if best is None else _record(known[node.stage.name, best[1]], best[2])

    def _read_stage(self, stage: str) -> None:
        if stage not in self._read:
            self._read.add(stage)
            for fact in self._index.of_stage(stage):
                for scope in fact.scopes:
                    self._by_key[key(stage, scope)].append(fact)


class GraphPast:
    """The graph of another git revision: the node of the same stage and scope."""

    def __init__(self, graph: Graph) -> None:
        self._nodes = graph.nodes
        self._records: dict[Address, Record] = {}
        self._by_key: dict[Key, Node] = {}
        for node in graph.nodes.values():
            for scope in node.scopes():
                self._by_key.setdefault(key(node.stage.name, scope), node)

    def before(self, node: Node) -> Record | None:
        """The node of that revision that stands for the same."""
        for scope in node.scopes():
            found = self._by_key.get(key(node.stage.name, scope))
            if found is not None:
                return self.at(found.address)
        return None

    def at(self, address: Address) -> Record | None:
        """A node of that revision."""
        if address not in self._records and address in self._nodes:
            self._records[address] = record_of(self._nodes[address])
        return self._records.get(address)


def differing(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[str]:
    """Keys with other values, sorted; values are told apart as fingerprints do, so that 1 is not 1.0."""
    return sorted(k for k in a.keys() | b.keys() if (k in a) != (k in b) or not _same(a[k], b[k]))


def _same(a: Any, b: Any) -> bool:
    if type(a) is type(b) and isinstance(a, (str, int, type(None))):
        return a == b
    return canonical(a) == canonical(b)


def _record(fact: Fact, inputs: Inputs) -> Record:
    parents = {port: tuple(map(address_of, texts)) for port, texts in inputs["parents"].items()}
    what = (inputs["params"], inputs["backends"], parents, inputs["content"], inputs["libraries"], inputs["code"])
    return Record(*fact.address, fact.label, fact.version, *what, fact.built)
