"""What a plan changes in the store: new, rebuilt, and no longer planned."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from compiler.graph.node import Address, Node
from compiler.plan.form import MarkName
from compiler.plan.plan import Plan, State
from compiler.project.project import Project
from compiler.store.fact import Fact
from compiler.store.index import StoreIndex

Key = tuple[str, frozenset[tuple[str, str]]]


class Mark(StrEnum):
    """What happens to an artifact, as people are told."""

    BUILD = "build"
    REBUILD = "rebuild"
    """To build, and the store has another artifact of this stage and scope, which it takes the place of."""
    REUSE = "reuse"
    ORPHAN = "orphan"
    """In the store, of a place that this study has or none has, and planned by no study."""
    UNNEEDED = "not needed"


NodeMark = Literal[Mark.BUILD, Mark.REBUILD, Mark.REUSE, Mark.UNNEEDED]
SIGNS = {Mark.BUILD: "+", Mark.REBUILD: "~", Mark.ORPHAN: "-", Mark.REUSE: "=", Mark.UNNEEDED: " "}


@dataclass(frozen=True)
class Changes:
    """A plan held against what is in the store.

    `before` maps the address of each node that is rebuilt to the artifact whose place it takes. `orphans` stood for
    something that is no longer planned, `superseded` for something of which another artifact is planned. Neither is
    known when another study has errors: `refused` names those.
    """

    before: Mapping[Address, Fact] = field(default_factory=dict)
    orphans: tuple[Fact, ...] = ()
    superseded: tuple[Fact, ...] = ()
    refused: tuple[str, ...] = ()

    def mark(self, plan: Plan, node: Node) -> NodeMark:
        """What happens to one node."""
        state = plan.states[node.address]
        if state is State.BUILD:
            return Mark.REBUILD if node.address in self.before else Mark.BUILD
        return Mark.REUSE if state is State.REUSE else Mark.UNNEEDED

    def counts(self, plan: Plan) -> dict[MarkName, int]:
        """How many there are of each mark; superseded artifacts are orphans too."""
        build, reuse, unneeded = map(plan.count, (State.BUILD, State.REUSE, State.UNNEEDED))
        rebuild, orphan = len(self.before), len(self.orphans) + len(self.superseded)
        return {"build": build - rebuild, "rebuild": rebuild, "reuse": reuse, "not needed": unneeded, "orphan": orphan}


def find_changes(project: Project, plan: Plan, index: StoreIndex) -> Changes:
    """Hold a plan against the facts of the store."""
    nodes = plan.graph.nodes
    unplanned = plan.unplanned()
    if not unplanned:
        return Changes()
    others = index.facts(unplanned)
    elsewhere, refused = planned_addresses(project, (s for s in project.ids("study") if s != plan.graph.study))
    loose = [fact for fact in others if fact.address not in elsewhere]
    by_key: dict[Key, list[Fact]] = defaultdict(list)
    for fact in loose:
        for scope in fact.scopes:
            by_key[key(fact.stage, scope)].append(fact)
    before = {}
    for node in plan.build():
        found = [fact for scope in node.scopes() for fact in by_key.get(key(node.stage.name, scope), ())]
        if found:
            before[node.address] = max(found, key=lambda f: (f.built, f.fingerprint))
    if refused:
        return Changes(before, refused=tuple(refused))
    ours = [fact for fact in loose if fact.scopes and _is_ours(fact, project, plan)]
    stages = {fact.stage for fact in ours}
    told = [node for node in nodes.values() if node.stage.name in stages]
    if (settled := plan.graph.settled) is not None:
        theirs = {place for fact in ours for scope in fact.scopes if (place := scope.get("location")) in settled}
        told += [node for place in theirs for node in settled.at(str(place)) if node.stage.name in stages]
    planned = {key(node.stage.name, scope) for node in told for scope in node.scopes()}
    superseded = tuple(f for f in ours if any(key(f.stage, scope) in planned for scope in f.scopes))
    gone = {f.address for f in superseded}
    return Changes(before, tuple(f for f in ours if f.address not in gone), superseded)


def key(stage: str, scope: Mapping[str, str]) -> Key:
    """What two versions of an artifact have in common."""
    return stage, frozenset(scope.items())


def _is_ours(fact: Fact, project: Project, plan: Plan) -> bool:
    """Whether an artifact belongs to this study, or to no place and no study that there is now."""
    study, location = fact.scopes[0].get("study"), fact.scopes[0].get("location")
    if study is not None:
        return study == plan.graph.study or study not in project.studies
    return _listed(location, [project.studies[plan.graph.study]]) or not _listed(location, project.studies.values())


def _listed(location: str | None, studies: Iterable) -> bool:
    return any(location in study.locations for study in studies)


def planned_addresses(project: Project, studies: Iterable[str]) -> tuple[set[Address], list[str]]:
    """Addresses of all nodes of the studies named, and those studies that cannot be told, as they have errors."""
    from compiler.plan.study import SpecsRefused, checked_graph

    found: set[Address] = set()
    refused: list[str] = []
    for study in studies:
        try:
            found |= checked_graph(project, study).nodes.keys()
        except SpecsRefused:
            refused.append(study)
    return found, refused
