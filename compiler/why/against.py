"""What a change of the specs would build and no longer needs, held against another git revision, and why.

The other revision's specs are compiled with today's code and its own pins of libraries. Where its record of versions differs,
every artifact of that stage or back end, and what is made from it, counts as changed.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property

from compiler.graph.graph import Graph
from compiler.graph.node import Address, Node
from compiler.plan import form
from compiler.plan.changes import Mark
from compiler.plan.cost import CostModel, Estimate, estimate
from compiler.plan.plan import Plan, State
from compiler.plan.study import SpecsRefused, checked_graph
from compiler.plan.summary import over
from compiler.project.project import Project
from compiler.project.revision import WORK_TREE, UnreadableRevision, at_revision, file_at, resolve
from compiler.store.fact import Fact
from compiler.store.index import StoreIndex
from compiler.why.earlier import GraphPast
from compiler.why.why import Causes
from runtime.backend import BackendInfo
from runtime.bound.axis import AXES
from runtime.build.code_digest import recorded

VERSIONS = "runtime/stages/versions.json"
MOST_PROBLEMS = 5
UNFIT = (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError)
"""What a file of a stranger's revision may raise."""


@dataclass
class Group:
    """One cause and what it builds: stage -> how many, new and again. A node with two causes counts for both.

    `names` are those of a new location, task, approach or gate.
    """

    kind: form.CauseKind
    text: str
    at: str = ""
    build: Counter[str] = field(default_factory=Counter)
    rebuild: Counter[str] = field(default_factory=Counter)
    names: dict[str, None] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The cause in words, without its place."""
        if not self.names:
            return self.text
        plural = "s" if len(self.names) > 1 else ""
        shown = ", ".join(list(self.names)[:3]) + (", ..." if len(self.names) > 3 else "")
        return f"{len(self.names)} new {self.text}{plural}: {shown}" if plural else f"new {self.text}: {shown}"

    def to_json(self) -> form.Cause:
        """As JSON values."""
        names, build, rebuild = list(self.names), dict(self.build), dict(self.rebuild)
        return form.Cause(kind=self.kind, text=self.title, at=self.at or None, names=names, build=build, rebuild=rebuild)


@dataclass(frozen=True)
class Against:
    """The comparison. `builds` maps what this change builds to whether it takes the place of something; `gone` are
    nodes that only the other revision has; `problems` say why there is nothing to compare with."""

    project: Project
    plan: Plan
    revision: str
    commit: str
    cores: int
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    builds: Mapping[Address, Mark] = field(default_factory=dict)
    reused: int = 0
    pending: int = 0
    gone: tuple[Node, ...] = ()
    gone_stored: tuple[Fact, ...] = ()
    groups: tuple[Group, ...] = ()

    @cached_property
    def counts(self) -> dict[form.AgainstCount, int]:
        """`build` and `rebuild` by this change, `reuse` of what it newly asks for, `pending` with or without it."""
        marks = Counter(self.builds.values())
        build, rebuild, gone, stored = marks[Mark.BUILD], marks[Mark.REBUILD], len(self.gone), len(self.gone_stored)
        known: dict[form.AgainstCount, int] = {"build": build, "rebuild": rebuild, "reuse": self.reused}
        return known | {"gone": gone, "gone_stored": stored, "pending": self.pending}

    @cached_property
    def estimate(self) -> Estimate:
        """What the builds take."""
        plan, model = self.plan, CostModel(StoreIndex.of(self.project))
        costs = model.costs(plan.graph.nodes[address] for address in self.builds)
        return estimate(plan, costs, model, self.project.studies[plan.graph.study].rates, self.cores)

    @property
    def gone_bytes(self) -> int:
        """Disk space of what is no longer needed."""
        return sum(fact.bytes for fact in self.gone_stored)

    def gone_by_stage(self) -> dict[str, int]:
        """How many artifacts of each stage are no longer needed."""
        return dict(Counter(node.stage.name for node in self.gone))

    def to_json(self) -> form.AgainstForm:
        """The form of `schema/against.schema.json`."""
        nodes, stored = self.plan.graph.nodes, {fact.address for fact in self.gone_stored}
        return {
            "form": 1,
            "study": self.plan.graph.study,
            "revision": self.revision,
            "commit": self.commit,
            "compared": not self.problems,
            "problems": list(self.problems),
            "notes": list(self.notes),
            "counts": self.counts,
            "reused": self.plan.count(State.REUSE),
            "estimate": self.estimate.to_json(),
            "over": over(self.estimate, self.project.studies[self.plan.graph.study].budget),
            "gone_bytes": self.gone_bytes,
            "causes": [group.to_json() for group in self.groups],
            "builds": [
                form.Built(label=nodes[s, f].label, stage=s, fingerprint=f, state="build" if mark is Mark.BUILD else "rebuild")
                for (s, f), mark in self.builds.items()
            ],
            "gone": [
                form.Gone(label=n.label, stage=n.stage.name, fingerprint=n.fingerprint, stored=n.address in stored)
                for n in self.gone
            ],
        }


def against(project: Project, plan: Plan, revision: str, cores: int = 1) -> Against:
    """Hold a plan against the same study at another revision.

    Raises:
        ValueError: when git does not know the revision.
    """
    study = plan.graph.study
    commit = "" if revision == WORK_TREE else resolve(project, revision)
    bare = Against(project, plan, revision, commit, cores)
    try:
        with at_revision(project, commit or revision) as then:
            if study not in then.ids("study"):
                note = f"study `{study}` is not in that revision"
                return _compare(replace(bare, notes=(note,)), Graph(study, {}, []))
            return _compare(bare, checked_graph(then, study))
    except SpecsRefused as refused:
        problems = [f"{d.code} {d.span}: {d.message}" for d in refused.errors[:MOST_PROBLEMS]]
        problems += [f"and {len(refused.errors) - MOST_PROBLEMS} more"] if len(refused.errors) > MOST_PROBLEMS else []
    except UnreadableRevision as error:
        problems = [str(error).replace(commit, revision)] if commit else [str(error)]
    return replace(bare, problems=tuple(problems), builds={node.address: Mark.BUILD for node in plan.build()})


def against_pins(project: Project, plan: Plan, today: Graph, cores: int = 1) -> Against:
    """Hold the plan of a project with other versions of libraries against the graph with those that are pinned."""
    return _compare(Against(project, plan, "the pins of today", "", cores), today)


def _compare(bare: Against, then: Graph) -> Against:
    project, plan, notes = bare.project, bare.plan, bare.notes
    past, moved, other_code = GraphPast(then), *_versions(project, bare.commit)
    affected: dict[Address, frozenset[str]] = {}
    builds: dict[Address, Mark] = {}
    reused = pending = 0
    for node in plan.graph.nodes.values():
        own = moved.keys() & node.setting.identity.digests.keys()
        stages = frozenset(own).union(*(affected.get(p.address, ()) for p in node.parents()))
        if stages:
            affected[node.address] = stages
        state, changed = plan.states[node.address], bool(stages) or node.address not in then.nodes
        if not changed:
            pending += state is State.BUILD
        elif state is State.BUILD:
            builds[node.address] = Mark.BUILD if past.before(node) is None else Mark.REBUILD
        else:
            reused += state is State.REUSE
    gone = tuple(n for n in then.nodes.values() if n.address not in plan.graph.nodes)
    stored = tuple(StoreIndex.of(project).facts([n.address for n in gone]))
    finder = Causes(project, plan.graph.study, past)
    seen = _Seen(then)
    groups: dict[tuple[str, str], Group] = {}
    for address, mark in builds.items():
        node = plan.graph.nodes[address]
        for cause in _causes(
            node, past, finder, seen, [said for name in sorted(affected.get(address, ())) for said in moved[name]]
        ):
            group = groups.setdefault((cause.kind + cause.text, cause.at), cause)
            group.names |= cause.names
            (group.build if mark is Mark.BUILD else group.rebuild)[node.stage.name] += 1
    if other_code:
        notes += (f"the code of {', '.join(other_code)} is another one; that revision's specs were compiled with today's",)
    ranked = tuple(sorted(groups.values(), key=lambda g: -sum((g.build + g.rebuild).values())))
    found = replace(bare, notes=notes, builds=builds, reused=reused, pending=pending)
    return replace(found, gone=gone, gone_stored=stored, groups=ranked)


def _causes(
    node: Node, past: GraphPast, finder: Causes, seen: "_Seen", moved: Iterable[tuple[form.CauseKind, str]]
) -> Iterator[Group]:
    """Groups of one node each, to be merged by what they say."""
    yield from (Group(kind, text) for kind, text in moved)
    before = past.before(node)
    if before is None:
        yield seen.new(node)
    elif before.address != node.address:
        for cause in finder.of(node, before):
            reason = cause.reason
            yield Group(reason.kind, cause.title, str(reason.at) if reason.at else "")


class _Seen:
    """What the other revision has, axis by axis."""

    def __init__(self, graph: Graph) -> None:
        self._values: dict[str, set[str]] = defaultdict(set)
        self._stages = {stage for stage, _ in graph.nodes}
        for axis, value in (pair for node in graph.nodes.values() for scope in node.scopes() for pair in scope.items()):
            self._values[axis].add(value)

    def new(self, node: Node) -> Group:
        """Why a node stands for something that the other revision does not have."""
        scopes = node.scopes()
        for axis in AXES:
            values = [scope[axis] for scope in scopes if axis in scope]
            if values and not self._values[axis] & set(values):
                return Group("new", axis, names={values[0]: None})
        if node.stage.name not in self._stages:
            return Group("new", f"stage `{node.stage.name}` is asked for")
        return Group("new", "asked for at further places")


def _versions(project: Project, commit: str) -> tuple[dict[str, list[tuple[form.CauseKind, str]]], list[str]]:
    """Stages and back ends (`ROLE/NAME`) whose recorded version is another one there, with what is to be said of it; and those
    whose code differs under the same version."""
    moved, other = defaultdict[str, list[tuple[form.CauseKind, str]]](list), list[str]()
    if not commit:
        return moved, other
    with suppress(*UNFIT):
        then = json.loads(file_at(project, commit, VERSIONS) or b"{}")
        pairs = {name: (then[name], now) for name, now in recorded().items() if isinstance(then.get(name), dict)}
        for name, (a, b) in pairs.items():
            what = "stage version" if "/" not in name else "version of back end"
            old = int(a["version"]) if "/" not in name else BackendInfo("any", "any", a["version"], "", False).version
            if old != b["version"]:
                moved[name].append(("version", f"{name}: {what} `{name}`: {old} -> {b['version']}"))
        other = [name for name, (a, b) in pairs.items() if a.get("digest") != b["digest"]]
    return moved, other
