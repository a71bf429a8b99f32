"""A plan as a tree by place and stage, short enough to read whether there are four places or four thousand."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from compiler.graph.node import Address
from compiler.plan.changes import SIGNS, Changes, Mark
from compiler.plan.cost import NodeCost
from compiler.plan.plan import Plan
from compiler.plan.summary import hours, number

LIMIT = 40
"""Most lines of places that are shown without being asked for all."""
NAMED = 3
"""Most places that one line names; more are called `100 locations like oak`."""


class Line(NamedTuple):
    """One line of what a verb says. `mark` is one of `Mark` and tells the colour; None for a heading."""

    text: str
    mark: str | None = None


Part = tuple[Mark, str, int]
"""How many artifacts of a stage have a mark."""


@dataclass(frozen=True)
class Place:
    """A location, or the study itself (`name` is then None): how many artifacts of each stage have which mark."""

    name: str | None
    parts: tuple[Part, ...]
    cpu_s: float = 0.0

    @property
    def idle(self) -> bool:
        """Whether there is nothing to do here."""
        return all(mark in (Mark.REUSE, Mark.UNNEEDED) for mark, _, _ in self.parts)


def places(plan: Plan, changes: Changes, costs: Mapping[Address, NodeCost]) -> list[Place]:
    """Every place in the study's order, those of orphans that the study does not name after them, the study last."""
    counts: dict[str | None, Counter[tuple[Mark, str]]] = defaultdict(Counter)
    seconds: defaultdict[str | None, float] = defaultdict(float)
    for node in plan.graph.nodes.values():
        place = node.scope.location
        counts[place][changes.mark(plan, node), node.stage.name] += 1
        if node.address in costs:
            seconds[place] += costs[node.address].cpu_s
    if (settled := plan.graph.settled) is not None:
        for place in settled.rows:
            counts[place] = Counter((Mark.REUSE, stage) for stage in settled.stages(place))
    for fact in changes.orphans:
        counts[fact.location][Mark.ORPHAN, fact.stage] += 1
    marks = list(SIGNS)
    order = {stage: i for i, stage in enumerate(dict.fromkeys(stage for stage, _ in plan.graph.nodes))}
    found = []
    for name in sorted(dict.fromkeys([*plan.graph.places(), *counts]), key=lambda name: name is None):
        parts = [(mark, stage, n) for (mark, stage), n in counts[name].items()]
        parts.sort(key=lambda part: (marks.index(part[0]), order.get(part[1], len(order)), part[1]))
        found.append(Place(name, tuple(parts), seconds[name]))
    return found


def lines(found: list[Place], study: str, every: bool = False, limit: int = LIMIT) -> Iterator[Line]:
    """The tree's lines: places of one shape together, those with nothing to do in one line at the end.

    Args:
        found: the places of `places`.
        study: the study's id.
        every: show each place by itself, with all that is in the store.
        limit: most lines, without `every`.
    """
    if every:
        for place in found:
            yield from _group([place], study, every)
        return
    groups: dict[tuple[bool, tuple[Part, ...]], list[Place]] = defaultdict(list)
    for place in found:
        if not place.idle:
            groups[place.name is None, place.parts].append(place)
    shown, left = 0, list(groups.values())
    while left:
        block = list(_group(left[0], study, every))
        if shown and shown + len(block) > limit:
            break
        yield from block
        shown += len(block)
        left.pop(0)
    if left:
        more = _count(sum(map(len, left)), "location")
        yield Line(f"... and {more} with {_count(len(left), 'other kind')} of change (--all shows each)")
    idle = [place.name for place in found if place.idle]
    if idle:
        yield nothing_to_do(idle, study)


def nothing_to_do(names: Sequence[str | None], study: str) -> Line:
    """One line for all places with nothing to do; None is the study itself."""
    return Line(f"{SIGNS[Mark.REUSE]} {_names([name or f'study {study}' for name in names])}: nothing to do", Mark.REUSE)


def _group(group: list[Place], study: str, every: bool) -> Iterator[Line]:
    seconds = sum(place.cpu_s for place in group)
    cost = f"  ({hours(seconds / 3600, 'CPU')})" if seconds else ""
    yield Line(_names([place.name or f"study {study}" for place in group]) + cost)
    for mark in SIGNS:
        parts = [f"{stage} {number(n)}" for m, stage, n in group[0].parts if m is mark]
        if parts and (every or mark is not Mark.UNNEEDED):
            each = " each" if len(group) > 1 else ""
            yield Line(f"  {SIGNS[mark]} {', '.join(parts)}{each}", mark)


def _names(names: list[str]) -> str:
    return ", ".join(names) if len(names) <= NAMED else f"{number(len(names))} locations like {names[0]}"


def _count(n: int, what: str) -> str:
    return f"{number(n)} {what}{'' if n == 1 else 's'}"
