"""The nodes of one location as a pattern for locations like it, so that thousands of them cost microseconds a node.

Two locations are alike when their specs set the same parameters and their sources are of one kind. Then their nodes
differ in what is bound to the location alone (its source, its hidden site) and in what follows from that: fingerprints.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from compiler.graph.node import Node, Scope, Setting
from compiler.graph.settings import Settings
from runtime.contract import Contract

Key = tuple[str, Scope, str | None]
"""Stage, scope without its location, and the approach that asks."""


@dataclass(frozen=True)
class Slot:
    """One node of the pattern, further scopes (without location) that it stands for, and approaches that need it.

    `parents` maps a port to places in the pattern, or to nodes of no location, which all share. Where something local is
    bound, slots of one setting share it at the next location too: `local` is then the place of the first of them, else None.
    """

    setting: Setting
    local: int | None
    own: Scope
    parents: tuple[tuple[str, tuple[int | Node, ...]], ...]
    contract: Contract
    aliases: tuple[Scope, ...]
    askers: tuple[str, ...]


@dataclass(frozen=True)
class Pattern:
    """Slots, parents before children; `keys[i]` asks for slot `places[i]`, under a scope that may be an alias."""

    slots: tuple[Slot, ...]
    keys: tuple[Key, ...]
    places: tuple[int, ...]


def record(settings: Settings, asked: Mapping[Key, Node]) -> Pattern | None:
    """The pattern of the nodes that one location asked for, in that order; None when one has a parent elsewhere."""
    keys: dict[int, list[Key]] = {}
    for key, node in asked.items():
        keys.setdefault(id(node), []).append(key)
    places: dict[int, int] = {}
    firsts: dict[Setting, int] = {}
    slots: list[Slot] = []
    for (_, own, by), node in asked.items():
        if id(node) in places:
            continue
        parents: list[tuple[str, tuple[int | Node, ...]]] = []
        for port, found in node.inputs.items():
            if any(id(parent) not in places and parent.scope.location is not None for parent in found):
                return None
            parents.append((port, tuple(places.get(id(parent), parent) for parent in found)))
        place = places[id(node)] = len(slots)
        local = settings.is_local(node.stage, node.scope._replace(approach=own.approach or by))
        first = firsts.setdefault(node.setting, place) if local else None
        askers = tuple(dict.fromkeys(by for _, _, by in keys[id(node)] if by is not None))
        aliases = tuple(dict.fromkeys(scope for _, scope, _ in keys[id(node)] if scope != own))
        slots.append(Slot(node.setting, first, own, tuple(parents), node.contract, aliases, askers))
    return Pattern(tuple(slots), tuple(asked), tuple(places[id(node)] for node in asked.values()))
