"""Why a node is built, or is not: the reasons for its address, down to the lines that began it."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from compiler.graph.identity import Identities
from compiler.graph.node import Address, Node
from compiler.plan.changes import Mark
from compiler.plan.plan import Plan, State
from compiler.project.project import Project
from compiler.store.index import StoreIndex
from compiler.why.earlier import Past, Record, StorePast
from compiler.why.reasons import Reason, View, reasons
from runtime.store.store import DamagedArtifact, Store

MOST_PARENTS = 200
"""Of one port; whoever reads thousands of parents has the same few causes in all of them."""


@dataclass(frozen=True)
class Cause:
    """A reason that is not another node's: where an explanation ends."""

    label: str
    reason: Reason
    stage: str = ""
    """Empty for what several stages take from one spec, such as a task."""

    @property
    def title(self) -> str:
        """The reason in words, the same for all nodes that share it."""
        return f"{self.stage}: {self.reason.text}" if self.stage else self.reason.text


@dataclass(frozen=True)
class Note:
    """What predicates say that compare nothing: `kind` is missing, damaged, code, reuse, unneeded or reader."""

    kind: str
    text: str


@dataclass(frozen=True)
class Explanation:
    """All that is to be said of one node. `compared` is its earlier form; `notes` are facts besides the reasons."""

    node: Node
    mark: Mark
    compared: Record | None
    reasons: tuple[Reason, ...] = ()
    causes: tuple[Cause, ...] = ()
    notes: tuple[Note, ...] = ()


class Causes:
    """The causes of nodes, found once each."""

    def __init__(self, project: Project, study: str, past: Past) -> None:
        self._project, self._study, self._past = project, study, past
        self._found: dict[tuple[Address, Address], tuple[Cause, ...]] = {}

    def reasons(self, node: Node, old: Record) -> list[Reason]:
        """Everything in which a node differs from its earlier form."""
        return reasons(View(self._project, self._study, node, old, self._past))

    def of(self, node: Node, old: Record) -> tuple[Cause, ...]:
        """The reasons at the beginning of the chain of parents, each once."""
        key = node.address, old.address
        if key not in self._found:
            self._found[key] = ()  # a graph has no cycle, but a store may have been tampered with
            self._found[key] = tuple({(c.title, str(c.reason.at)): c for c in self._walk(node, old)}.values())
        return self._found[key]

    def _walk(self, node: Node, old: Record) -> Iterator[Cause]:
        found = self.reasons(node, old)
        derived = [r for r in found if r.kind == "parent" or node.stage.bound.get(r.what.split(".")[0]) == "cells"]
        own = len(derived) < len(found)
        for reason in found:
            known = [(parent, before) for parent, before in reason.parents[:MOST_PARENTS] if before is not None]
            if not known and not (own and reason in derived):
                bound = reason.what.partition(".")[0] in node.stage.bound
                yield Cause(node.label, reason, "" if bound else node.stage.name)
            for parent, before in known:
                yield from self.of(parent, before)


def explain(project: Project, plan: Plan, node: Node, mark: Mark | None = None, index: StoreIndex | None = None) -> Explanation:
    """Why the plan says what it says of a node.

    Args:
        mark: what `simkiln plan` shows for the node, if that is known.
    """
    index = index or StoreIndex.of(project)
    state = plan.states[node.address]
    if state is State.REUSE:
        notes = (
            *stopped(node, plan),
            *_origin(index, node),
            *damaged(project, node, there=True),
            *code_changed(project, plan.graph.study, node),
        )
        return Explanation(node, Mark.REUSE, None, notes=notes)
    past = StorePast(index)
    before = past.before(node)
    old = before or past.nearest(node)
    found, causes = [], ()
    if old is not None:
        finder = Causes(project, plan.graph.study, past)
        found, causes = finder.reasons(node, old), finder.of(node, old)
    notes = [*missing(node, plan, before, old), *damaged(project, node), *code_changed(project, plan.graph.study, node)]
    shown = mark or (Mark.UNNEEDED if state is State.UNNEEDED else Mark.BUILD)
    return Explanation(node, shown, old, tuple(found), causes, tuple(notes))


def missing(node: Node, plan: Plan, before: Record | None, nearest: Record | None) -> Iterator[Note]:
    """It is not in the store; whether anything of its kind is, and who needs it."""
    if notes := list(stopped(node, plan)):
        yield from notes
        return
    if plan.states[node.address] is State.UNNEEDED:
        yield Note("unneeded", "not built: it is absent, but everything that would read it is in the store")
        return
    if before is None and nearest is not None:
        yield Note("missing", f"missing: nothing of this scope was built yet; {nearest.label} is the most similar artifact")
    elif before is None:
        yield Note("missing", f"missing: no artifact of stage `{node.stage.name}` was built yet")
    if node.address in {target.address for target in plan.graph.targets}:
        yield Note("reader", "the study asks for it")
        return
    reader = next((n for n in plan.build() if any(p.address == node.address for p in n.parents())), None)
    if reader is not None:
        yield Note("reader", f"read by {reader.label}, which is built")


def stopped(node: Node, plan: Plan) -> Iterator[Note]:
    """Failed gates that forbid it; then nothing that is judged reads it, even where it is in the store."""
    found = plan.graph.stopped
    if found is not None:
        for gate in found.nodes.get(node.address, ()):
            yield Note("stopped", f"not run: stopped by gate `{gate}`: {found.reasons[gate]}")


def damaged(project: Project, node: Node, there: bool = False) -> Iterator[Note]:
    """It was there and was set aside by `simkiln verify` or by a job, or it is there and its sizes are wrong."""
    if there:
        try:
            Store(project.store).check(*node.address, digests=False)
        except DamagedArtifact as damage:
            yield Note("damaged", f"damaged: {damage}; run `simkiln verify`, which sets it aside to be built again")
        return
    folder = project.store / ".damaged"
    for path in sorted(folder.glob(f"{node.stage.name}-{node.fingerprint}-*")) if folder.is_dir() else ():
        yield Note("damaged", f"damaged: an earlier one was set aside as {path.relative_to(project.store.parent)}")


def code_changed(project: Project, study: str, node: Node) -> Iterator[Note]:
    """A warning: the code of the stage, or of a back end of it, differs from what was recorded for its version."""
    known = Identities(project, study)
    for name in node.setting.identity.digests:
        if name in known.changed:
            now = "what is there is reused (`code: ignore`)" if known.ignoring else "its artifacts have addresses of their own"
            advice = f"if results are the same, `python -m runtime.build.code_digest {name} WHY`; else bump `version`"
            yield Note("code", f"warning: the code of `{name}` differs from what is recorded for its version: {now}; {advice}")


def _origin(index: StoreIndex, node: Node) -> Iterator[Note]:
    """Of an artifact in the store: when and for what it was built, and from what."""
    yield Note("reuse", f"not built: {node.stage.name}/{node.fingerprint} is in the store")
    for fact in index.facts([node.address]):
        where = f" on {fact.machine}" if fact.machine else ""
        yield Note("reuse", f"built {when(fact.built)}{where} for {fact.label}, in {fact.cpu_s:.1f} CPU-s")
        if fact.label != node.label and fact.scopes:
            yield Note("reuse", "equal work is shared: it stands for both")
    for port, parents in node.inputs.items():
        more = f" and {len(parents) - 1} more" if len(parents) > 1 else ""
        if parents:
            first = parents[0]
            said = f"from `{port}`: {first.label} ({first.stage.name}/{first.fingerprint[:12]}){more}"
            yield Note("reuse", said)


def when(seconds: float) -> str:
    """A time for people, in UTC."""
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(seconds))
