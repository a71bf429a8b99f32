"""One location of each kind: all of a study that the laws over its nodes need.

These laws tell a fault once, at the first node that has it, from settings, contracts and costs. Locations that set the
same parameters have the same of all that, as far as stages ask no more of a source than in what they agree. What stages do
ask is watched: `cost`, `offers` and `expects` of every node that holds a source run once more on parameters that note
which fields of it are read. Where a field turns out to be read, locations that differ in it are told apart.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from pydantic import BaseModel

from compiler.graph.bindings import BINDINGS
from compiler.graph.expand import expand
from compiler.graph.graph import Graph
from compiler.graph.node import Address, Node
from compiler.graph.roles import EVIDENCE
from compiler.project.project import Project
from compiler.spec.study import Study
from runtime.bound.benchmark import BenchmarkSuite
from runtime.bound.lab import Lab
from runtime.stage import REGISTRY

WORTHWHILE = 40
"""Locations from which on leaving out those that are alike saves more than it costs."""
_ALL = "*"
_READ: dict[type[BaseModel], set[str]] = {BenchmarkSuite: {_ALL}, Lab: {_ALL}}
"""Kind of source -> fields that some stage was seen to read; more only make finer kinds of locations."""


@dataclass(frozen=True)
class Sampled(Graph):
    """A graph of one location of each kind; `times` says how many nodes one stands for, where that is not one."""

    times: Mapping[Address, int] = field(default_factory=dict)


def graph_for_laws(project: Project, name: str) -> Graph:
    """The study's graph, or one that has a node for each kind of node that it has.

    Raises:
        pydantic.ValidationError: when merged parameters are not valid.
    """
    if name in project.settled:  # then what is expanded is little more than one of each kind
        return expand(project, name)
    study = project.studies[name]
    limited = (study.budget.cpu_hours, study.budget.gpu_hours, study.budget.money) != (None, None, None)
    needs_all = _may_stop(project, study) or (limited and not _each_of_its_own(project, study))
    while name not in project.graphs and len(study.locations) >= WORTHWHILE and not needs_all:
        smaller = _without_alike(project, study)
        if 2 * len(smaller.locations) > len(study.locations):
            break
        graph = expand(replace(project, studies={**project.studies, name: smaller}, graphs={}), name)
        if not _more_is_read(graph):
            return _counted(project, study, graph) if limited else graph
    return expand(project, name)


def _each_of_its_own(project: Project, study: Study) -> bool:
    """Whether no two locations can share an artifact, so that counting those of one kind counts them all."""
    sources = [project.locations[place].source for place in study.locations]
    apart = {source.model_dump_json(exclude={"gap"}) for source in sources}  # a gap acts in trials only
    return len(apart) == len(sources) and not study.sets


def _counted(project: Project, study: Study, graph: Graph) -> Sampled:
    """The graph, with how many nodes each one stands for: those that hold a source, or are made of such, one a location."""
    first = dict(_by_kind(project, study.locations))
    alike = Counter(first.values())
    own: dict[Address, int] = {}
    for address, node in graph.nodes.items():
        place = node.scope.location
        if place is not None and (_sources(node) or any(parent.address in own for parent in node.parents())):
            own[address] = alike[place]
    return Sampled(**{one.name: getattr(graph, one.name) for one in fields(graph)}, times=own)


def _may_stop(project: Project, study: Study) -> bool:
    """Whether a gate may have stopped something: what it judges was built. Only the whole graph tells."""
    rules = [project.gates[gate] for gate in study.gates if gate not in study.waivers.gates]
    judged = [rule.stage for rule in rules if rule.on_fail != "warn" and rule.stage is not None]
    return any(REGISTRY[stage].role not in EVIDENCE and (project.store / stage).exists() for stage in judged)


def _without_alike(project: Project, study: Study) -> Study:
    """The study with the first location of each kind, and in each set the first of each kind there."""
    sets = {which: _first_of_each(project, places) for which, places in study.sets.items()}
    return study.model_copy(update={"locations": _first_of_each(project, study.locations), "sets": sets})


def _first_of_each(project: Project, places: Iterable[str]) -> list[str]:
    return [place for place, first in _by_kind(project, places) if place == first]


def _by_kind(project: Project, places: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Each location, with the first one of its kind."""
    seen: dict[tuple[object, ...], str] = {}
    for place in places:
        spec = project.locations[place]
        source = spec.source
        read = _READ.get(type(source), ())
        values = [source] if _ALL in read else [repr(getattr(source, field)) for field in sorted(read)]
        kind = (type(source), spec.held_out, spec.sets, *map(repr, values))
        yield place, seen.setdefault(kind, place)


def _more_is_read(graph: Graph) -> bool:
    """Note which fields of sources are read; whether any of them is new."""
    new = False
    watched: set[int] = set()
    for node in graph.nodes.values():
        if id(node.setting) in watched:
            continue
        watched.add(id(node.setting))
        for source, read in _read_by(node):
            known = _READ.setdefault(type(source), set())
            new = new or not read <= known
            known |= read
    return new


def _read_by(node: Node) -> Iterator[tuple[BaseModel, set[str]]]:
    """Each source that a node's parameters hold, with the fields of it that its stage reads."""
    stage, setting = node.stage, node.setting
    held = _sources(node)
    if not held:
        return
    read: dict[str, set[str]] = {field: set() for field in held}
    whole: set[str] = set()
    within = {field: _Watched(source, read[field], {}) for field, source in held.items()}
    params: Any = _Watched(setting.model, whole, within)
    offered = {port: found[0].contract for port, found in node.inputs.items() if found}
    try:
        same = (stage.offers(params, offered), stage.expects(params), stage.cost(params)) == (
            node.contract,
            setting.expects,
            setting.resources,
        )
    except Exception:  # whatever a stage does with parameters that are not quite what it knows
        same = False
    rules = stage.params.__pydantic_decorators__
    ruled = rules.model_validators or rules.root_validators or rules.field_validators or rules.validators
    for name, source in held.items():
        everything = ruled or not same or _ALL in whole
        yield source, {_ALL} if everything else read[name]


def _sources(node: Node) -> dict[str, BaseModel]:
    """What a node's parameters hold of a location's source, by field."""
    held = {field: getattr(node.setting.model, field) for field, of in node.stage.bound.items() if BINDINGS[of].local}
    return {field: source for field, source in held.items() if isinstance(source, BaseModel)}


class _Watched:
    """A model that notes which of its fields are read; whatever else is asked of it counts as all of them."""

    def __init__(self, model: BaseModel, read: set[str], within: "dict[str, _Watched]") -> None:
        self._held = model, read, within

    def __getattribute__(self, name: str) -> Any:
        model, read, within = object.__getattribute__(self, "_held")
        if name == "__class__":
            return type(model)
        if name not in within:
            read.add(name if name in type(model).model_fields else _ALL)
        return within.get(name) or getattr(model, name)

    def __eq__(self, other: object) -> bool:
        return _whole(self) == other

    def __hash__(self) -> int:
        return hash(_whole(self))

    def __iter__(self) -> Iterator[object]:
        return iter(_whole(self))

    def __repr__(self) -> str:
        return repr(_whole(self))


def _whole(watched: _Watched) -> BaseModel:
    model, read, _ = object.__getattribute__(watched, "_held")
    read.add(_ALL)
    return model
