"""Locations that an expansion takes over from an earlier one: nothing of theirs has changed, and all of it is in the store.

Locations that are alike have nodes of one pattern (`compiler.graph.pattern`), so what is kept of thousands of them is the
pattern once, and a column of fingerprints for each of its slots. One location of each kind is always made anew; where its
fingerprints are not those that are kept, nothing is taken over.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from compiler.graph.node import Address, Node, Scope, scopes_of
from compiler.graph.pattern import Key, Pattern
from runtime.contract import Contract
from runtime.stage import REGISTRY, Stage


class Unsettled(Exception):
    """More is asked of a location that was taken over than is kept of it, or what is kept is not so: expand everything."""


class SettledSlot(NamedTuple):
    """What the nodes of one slot have in common; scopes are without their location."""

    stage: Stage
    own: Scope
    aliases: tuple[Scope, ...]
    askers: tuple[str, ...]
    contract: Contract
    name: str
    """The stage's."""

    def to_json(self) -> list[Any]:
        """As the file holds it."""
        return [self.stage.name, self.own, list(self.aliases), list(self.askers), self.contract.to_json()]

    @classmethod
    def from_json(cls, value: list[Any]) -> "SettledSlot":
        """Read back; raises LookupError for a stage that is not there."""
        stage, own, aliases, askers, contract = value
        return cls(
            REGISTRY[stage], Scope(*own), tuple(Scope(*a) for a in aliases), tuple(askers), Contract.from_json(contract), stage
        )


@dataclass
class Kind:
    """Locations that are alike: `columns[slot][row]` is the fingerprint of the slot's node at `locations[row]`."""

    like: str
    """What the specs of these locations have in common."""
    slots: tuple[SettledSlot, ...]
    keys: dict[Key, int]
    locations: list[str] = field(default_factory=list)
    columns: list[list[str]] = field(default_factory=list)

    @classmethod
    def of(cls, like: str, pattern: Pattern) -> "Kind":
        """The kind of a pattern, without any location."""
        slots = []
        for s in pattern.slots:
            aliases = tuple(alias._replace(location=None) for alias in s.aliases)
            stage = s.setting.stage
            slots.append(SettledSlot(stage, s.own._replace(location=None), aliases, s.askers, s.contract, stage.name))
        return cls(like, tuple(slots), dict(zip(pattern.keys, pattern.places, strict=True)), [], [[] for _ in slots])

    def alike(self, other: "Kind") -> bool:
        """Whether nodes of both have the same places and names."""
        return (self.like, self.slots) == (other.like, other.slots) and list(self.keys.items()) == list(other.keys.items())

    def add(self, location: str, fingerprints: Iterable[str]) -> None:
        """Take in a location."""
        self.locations.append(location)
        for column, fingerprint in zip(self.columns, fingerprints, strict=True):
            column.append(fingerprint)

    def row(self, row: int) -> list[str]:
        """The fingerprints at one location, slot by slot."""
        return [column[row] for column in self.columns]

    def to_json(self) -> dict[str, Any]:
        """As the file holds it."""
        return {
            "like": self.like,
            "slots": [slot.to_json() for slot in self.slots],
            "keys": [[*key, place] for key, place in self.keys.items()],
            "locations": " ".join(self.locations),
            "columns": [" ".join(column) for column in self.columns],
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Kind":
        """Read back.

        Raises:
            LookupError, TypeError, ValueError: when that is not how a kind is written.
        """
        keys: dict[Key, int] = {(stage, Scope(*scope), by): place for stage, scope, by, place in value["keys"]}
        columns = [column.split() for column in value["columns"]]
        found = cls(
            str(value["like"]), tuple(map(SettledSlot.from_json, value["slots"])), keys, value["locations"].split(), columns
        )
        if {len(column) for column in columns} - {len(found.locations)} or len(columns) != len(found.slots):
            raise ValueError("columns of another length than the list of locations")
        return found


class SettledNode:
    """A node that is in the store and was not made anew: it has an address, scopes and a contract, and can be a parent."""

    __slots__ = ("address", "fingerprint", "location", "slot")

    def __init__(self, slot: SettledSlot, location: str, fingerprint: str) -> None:
        self.slot, self.location, self.fingerprint = slot, location, fingerprint
        self.address: Address = slot.name, fingerprint

    @property
    def stage(self) -> Stage:
        """The stage that made it."""
        return self.slot.stage

    @property
    def contract(self) -> Contract:
        """What it offers."""
        return self.slot.contract

    @property
    def scope(self) -> Scope:
        """What it stands for."""
        return self.slot.own._replace(location=self.location)

    def scopes(self) -> list[dict[str, str]]:
        """Every scope that it stands for, as `Node.scopes`."""
        aliases = [alias._replace(location=self.location) for alias in self.slot.aliases]
        return scopes_of(self.stage, [self.scope, *aliases], self.slot.askers)

    def __getattr__(self, name: str) -> Any:
        raise Unsettled(f"`{name}` of {self.slot.stage.name} at {self.location}")


class Settled:
    """The locations of a study that are taken over; `rows` maps each to its kind and its place there."""

    def __init__(
        self, kinds: list[Kind], rows: Mapping[str, tuple[int, int]], folders: Mapping[str, list[str]], outside: Mapping[str, str]
    ) -> None:
        """`folders` maps a location to the folders outside the project that its capture reads, `outside` to their signature."""
        self.kinds, self.rows, self.folders, self.outside = kinds, rows, folders, outside

    def node(self, location: str, key: Key) -> Node:
        """The node that is asked for by `key` at a location.

        Raises:
            Unsettled: when the location has none.
        """
        kind, row = self.rows[location]
        place = self.kinds[kind].keys.get(key)
        if place is None:
            raise Unsettled(f"{key} at {location}")
        return self._node(kind, place, location, row)

    def every(self, location: str, keys: list[Key], known: dict[int, list[int]]) -> list[Node]:
        """The nodes of several keys; `known` remembers the places of these keys by kind."""
        kind, row = self.rows[location]
        if kind not in known:
            if missing := next((key for key in keys if key not in self.kinds[kind].keys), None):
                raise Unsettled(f"{missing} at {location}")
            known[kind] = [self.kinds[kind].keys[key] for key in keys]
        return [self._node(kind, place, location, row) for place in known[kind]]

    def at(self, location: str) -> Iterator[Node]:
        """All nodes of a location, parents first."""
        kind, row = self.rows[location]
        for place in range(len(self.kinds[kind].slots)):
            yield self._node(kind, place, location, row)

    def _node(self, kind: int, place: int, location: str, row: int) -> Node:
        found = self.kinds[kind]
        node: Any = SettledNode(found.slots[place], location, found.columns[place][row])
        return node  # a `Node` to all who ask for no more than it has; who does gets `Unsettled`

    @cached_property
    def published(self) -> dict[str, set[str]]:
        """Stage -> fingerprints of all that is taken over."""
        rows: dict[int, list[int]] = {}
        for kind, row in self.rows.values():
            rows.setdefault(kind, []).append(row)
        found: dict[str, set[str]] = {}
        for kind, taken in rows.items():
            for slot, column in zip(self.kinds[kind].slots, self.kinds[kind].columns, strict=True):
                found.setdefault(slot.stage.name, set()).update([column[row] for row in taken])
        return found

    @cached_property
    def count(self) -> int:
        """How many nodes are taken over."""
        return sum(map(len, self.published.values()))

    def stages(self, location: str) -> Iterator[str]:
        """The stage of each node at a location."""
        return (slot.stage.name for slot in self.kinds[self.rows[location][0]].slots)

    def __contains__(self, location: object) -> bool:
        return location in self.rows
