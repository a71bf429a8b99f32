"""Which artifacts may go: those that nothing asks for, that are not young, and that nothing kept was made from."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from compiler.graph.node import Address
from compiler.plan.study import SpecsRefused, checked_graph
from compiler.project.project import Project
from compiler.store.fact import Fact, address_of
from compiler.store.index import StoreIndex

DAY_S = 86400.0


@dataclass(frozen=True)
class Garbage:
    """The decision: groups of artifacts that stay, by the reason, and those that go, readers before what they read."""

    kept: dict[str, list[Fact]] = field(default_factory=dict)
    gone: list[Fact] = field(default_factory=list)


def reachable(project: Project) -> set[Address]:
    """Addresses of all nodes of all studies of a project.

    Raises:
        SpecsRefused: when a study has an error: its artifacts would look as if nobody wanted them.
    """
    if any(d.severity == "error" for d in project.diagnostics):
        raise SpecsRefused(project, project.diagnostics)
    return set[Address]().union(*(checked_graph(project, study).nodes for study in project.studies))


def lineage(index: StoreIndex, facts: Iterable[Fact]) -> Callable[[Address], Iterable[Address]]:
    """What each artifact was made from, as far as those of `facts` go; read in one go."""
    made_from: dict[Address, tuple[Address, ...]] = {}
    wanted = {fact.address for fact in facts}
    for stage in {stage for stage, _ in wanted}:
        for inputs in index.inputs_of(stage):
            address = stage, inputs["fingerprint"]
            if address in wanted:
                made_from[address] = tuple(address_of(text) for found in inputs["parents"].values() for text in found)
    return lambda address: made_from.get(address, ())


def with_origins(addresses: Iterable[Address], parents: Callable[[Address], Iterable[Address]]) -> set[Address]:
    """Artifacts and all that they were made from."""
    found, waiting = set[Address](), list(addresses)
    while waiting:
        address = waiting.pop()
        if address not in found:
            found.add(address)
            waiting += parents(address)
    return found


def sort_out(
    facts: Iterable[Fact],
    wanted: Mapping[str, set[Address]],
    parents: Callable[[Address], Iterable[Address]],
    now: float,
    keep_days: float,
) -> Garbage:
    """Decide for every artifact; the first reason that keeps one is told.

    Args:
        facts: all published artifacts.
        wanted: why something is kept -> addresses, such as `reachable from the studies`.
        parents: what an artifact was made from.
        now: seconds since 1970.
        keep_days: artifacts that were built later than that many days before `now` stay.
    """
    left = {fact.address: fact for fact in facts}
    kept: dict[str, list[Fact]] = {}
    for why, addresses in wanted.items():
        kept[why] = [left.pop(address) for address in sorted(addresses & left.keys())]
    young = [fact for fact in left.values() if fact.built > now - keep_days * DAY_S]
    kept[f"younger than {keep_days:g} days"] = [left.pop(fact.address) for fact in young]
    origins = with_origins((fact.address for fact in young), parents)  # what plans reach is closed: it holds the parents too
    kept["what those were made from"] = [left.pop(address) for address in sorted(origins & left.keys())]
    return Garbage({why: group for why, group in kept.items() if group}, _readers_first(left, parents))


def _readers_first(left: dict[Address, Fact], parents: Callable[[Address], Iterable[Address]]) -> list[Fact]:
    """An order in which nothing is removed before what was made from it, so that an interruption loses no lineage."""
    reads = {address: [p for p in parents(address) if p in left] for address in left}
    readers = dict.fromkeys(left, 0)
    for made_from in reads.values():
        for parent in made_from:
            readers[parent] += 1
    free, order = [address for address, count in readers.items() if not count], []
    while free:
        address = free.pop()
        order.append(left[address])
        for parent in reads[address]:
            readers[parent] -= 1
            if not readers[parent]:
                free.append(parent)
    return order
