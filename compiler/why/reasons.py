"""The reasons for another address: one short predicate each. Together they look at all that a fingerprint hashes.

So a node has another address than its earlier form exactly when one of them speaks (`tests/compiler/why/test_why.py`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from compiler.diagnostics.diagnostic import Span
from compiler.graph.fingerprint import canonical
from compiler.graph.identity import IGNORED
from compiler.graph.node import Address, Node
from compiler.plan.form import CauseKind
from compiler.project.project import Project
from compiler.render.columns import short
from compiler.why.blame import Path, blame, blame_wiring
from compiler.why.earlier import Past, Record, differing
from runtime.bound.base import Bound

LONG = 8
"""Longer lists are compared whole."""
ABSENT = object()
"""In the place of a value where there is none; null is one."""
NONE = "(none)"


@dataclass(frozen=True)
class View:
    """What predicates look at: a node, its earlier form, and where others are found."""

    project: Project
    study: str
    node: Node
    old: Record
    past: Past


@dataclass(frozen=True)
class Reason:
    """One reason. `kind` names the predicate, `what` the value that differs, `at` the line that set the new one.

    `parents` are those that are other artifacts than before, each with its earlier form if that is known.
    """

    kind: CauseKind
    what: str
    old: str = ""
    new: str = ""
    at: Span | None = None
    parents: tuple[tuple[Node, Record | None], ...] = ()

    @property
    def text(self) -> str:
        """The reason in words, without the place."""
        named = f"{WORDS.get(self.kind, self.kind)} `{self.what}`" if self.what else WORDS.get(self.kind, self.kind)
        return f"{named}: {self.old} -> {self.new}" if self.old or self.new else named


WORDS = {
    "version": "stage version",
    "code": "the code of",
    "library": "library",
    "model": "what is meant by",
    "backend": "back end",
    "content": "the photos or the splat outside the project changed",
}
"""Kinds that people know by another name."""


def parameter_changed(view: View) -> Iterator[Reason]:
    """A parameter has another value."""
    yield from _changes(view, "parameter", seeds=False)


def seed_changed(view: View) -> Iterator[Reason]:
    """The training seed has another value."""
    yield from _changes(view, "seed", seeds=True)


def version_changed(view: View) -> Iterator[Reason]:
    """The stage's version was bumped."""
    if view.node.stage.version != view.old.version:
        yield Reason("version", view.node.stage.name, str(view.old.version), str(view.node.stage.version))


def model_changed(view: View) -> Iterator[Reason]:
    """The same values came to mean something else (`bound_version`). Manifests do not record it, so it speaks where nothing
    else does."""
    if view.node.fingerprint != view.old.fingerprint:
        for model in sorted({type(held).__name__ for held in _held(view.node.setting.model) if held.bound_version > 1}):
            yield Reason("model", model)


def code_changed(view: View) -> Iterator[Reason]:
    """Code that no version records, or other such code than before."""
    old, new = view.old.code, view.node.setting.identity.code
    if old != new:
        yield Reason("code", view.node.stage.name, _code(old), _code(new))


def library_changed(view: View) -> Iterator[Reason]:
    """Another version of a library is pinned, as far as the stage says that it matters."""
    old, new = view.old.libraries, view.node.setting.identity.libraries
    for name in differing(old, new):
        yield Reason("library", name, old.get(name, NONE), new.get(name, NONE))


def backend_changed(view: View) -> Iterator[Reason]:
    """Another back end, another version of it, of its libraries, or other code of it."""
    for role in differing(view.node.backends, view.old.backends):
        at = view.project.spans("study", view.study).get(("backends", role))
        old, new = (b.get(role, {}) for b in (view.old.backends, view.node.backends))
        if (old.get("name"), old.get("version")) != (new.get("name"), new.get("version")):
            yield Reason("backend", role, _backend(old), _backend(new), at)
            continue
        if old.get("libraries") != new.get("libraries"):
            yield from _libraries_of(f"{role}/{new['name']}", old.get("libraries", ""), new.get("libraries", ""))
        if old.get("code") != new.get("code"):
            yield Reason("code", f"{role}/{new['name']}", _code(old.get("code", "")), _code(new.get("code", "")))


def content_changed(view: View) -> Iterator[Reason]:
    """The photos or the splat outside the project changed."""
    if view.node.content != view.old.content:
        yield Reason("content", "", at=blame(view.project, view.study, view.node, ("source",)))


def parent_changed(view: View) -> Iterator[Reason]:
    """A parent has another address, or there are more, fewer, or others in turn."""
    for port in sorted(view.node.inputs.keys() | view.old.parents.keys()):
        now, then = view.node.inputs.get(port, ()), view.old.parents.get(port, ())
        if tuple(p.address for p in now) == then:
            continue
        yield _other_parent(view, port, now[0], then[0]) if len(now) == len(then) == 1 else _others(view, port)


PREDICATES = (
    parameter_changed,
    seed_changed,
    version_changed,
    code_changed,
    library_changed,
    backend_changed,
    content_changed,
    parent_changed,
)


def reasons(view: View) -> list[Reason]:
    """Everything in which a node differs from its earlier form."""
    found = [reason for predicate in PREDICATES for reason in predicate(view)]
    return found or list(model_changed(view))


def differences(old: Any, new: Any, path: Path) -> Iterator[tuple[Path, Any, Any]]:
    """The smallest parts of two JSON values that differ, with their paths."""
    if isinstance(old, Mapping) and isinstance(new, Mapping) and old.get("kind") == new.get("kind"):
        for name in differing(old, new):
            yield from differences(old.get(name, ABSENT), new.get(name, ABSENT), (*path, name))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new) <= LONG:
        for i, (a, b) in enumerate(zip(old, new, strict=True)):
            yield from differences(a, b, (*path, i))
    elif ABSENT in (old, new) or canonical(old) != canonical(new):
        yield path, old, new


def _born(view: View, path: Path) -> Any:
    """What a field was worth before it was added (`runtime.bound.base.later`); ABSENT for any other place."""
    held: Any = view.node.setting.model
    for step in path[:-1]:
        parts: Any = dict(held) if isinstance(held, BaseModel | Mapping) else dict(enumerate(held))
        if step not in parts:
            return ABSENT
        held = parts[step]
    field = type(held).model_fields.get(str(path[-1])) if isinstance(held, BaseModel) else None
    mark = field.json_schema_extra if field is not None else None
    return mark["born"] if isinstance(mark, dict) and "since" in mark else ABSENT


def _changes(view: View, kind: CauseKind, seeds: bool) -> Iterator[Reason]:
    before, now, bound = view.old.params, view.node.params, view.node.stage.bound
    names = (name for name in differing(before, now) if (bound.get(name) == "seed") == seeds)
    parts = (part for n in names for part in differences(before.get(n, ABSENT), now.get(n, ABSENT), (n,)))
    for path, absent, new in parts:
        old = _born(view, path) if absent is ABSENT else absent
        if old is not ABSENT and new is not ABSENT and canonical(old) == canonical(new):
            continue  # made before the field was added
        shown = _counted if any(isinstance(v, list) and len(v) > LONG for v in (old, new)) else _value
        at = blame(view.project, view.study, view.node, path)
        yield Reason(kind, ".".join(map(str, path)), shown(old), shown(new), at)


def _held(value: Any) -> Iterator[Bound]:
    """The bound values that parameters hold."""
    if isinstance(value, Bound):
        yield value
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    for part in (part for _, part in value) if isinstance(value, BaseModel) else parts:
        yield from _held(part)


def _value(value: Any) -> str:
    return NONE if value is ABSENT else short(value)


def _counted(value: Any) -> str:
    return f"{len(value)} items" if isinstance(value, list) else _value(value)


def _backend(chosen: Mapping[str, str]) -> str:
    return f"{chosen['name']} {chosen['version']}" if chosen else NONE


def _libraries_of(what: str, old: str, new: str) -> Iterator[Reason]:
    """Those of a back end, which addresses hold as one text, such as `numba 0.68, numpy 2.2`."""
    before, now = (dict(one.split(" ", 1) for one in text.split(", ") if " " in one) for text in (old, new))
    for name in differing(before, now) or [""]:
        yield Reason("library", f"{name} of {what}", before.get(name, NONE), now.get(name, NONE))


def _code(digest: str) -> str:
    """Code in words: addresses hold nothing of what a version records."""
    if digest == IGNORED:
        return "edited, under `code: ignore`"
    return f"unrecorded ({digest[:8]})" if digest else "as recorded for its version"


def _other_parent(view: View, port: str, now: Node, then: Address) -> Reason:
    before = view.past.at(then)
    pair = ((now, before),)
    if now.stage.name == then[0]:
        return Reason("parent", port, f"{then[0]}/{then[1][:12]}", f"{then[0]}/{now.fingerprint[:12]}", parents=pair)
    at = blame_wiring(view.project, view.study, view.node, port)
    return Reason("parent", port, f"an artifact of {then[0]}", f"one of {now.stage.name}", at, ((now, None),))


def _others(view: View, port: str) -> Reason:
    """Of many parents, some are others, some came, some went."""
    now, then = view.node.inputs.get(port, ()), set(view.old.parents.get(port, ()))
    left = then - {p.address for p in now}
    pairs = [(parent, view.past.before(parent)) for parent in now if parent.address not in then]
    pairs = [(parent, old if old is not None and old.address in left else None) for parent, old in pairs]
    others = sum(old is not None for _, old in pairs)
    counts = {"others": others, "more": len(pairs) - others, "fewer": len(left) - others}
    said = ", ".join(f"{n} {what}" for what, n in counts.items() if n) or "in another order"
    return Reason("parent", port, f"{len(then)} artifacts", f"{len(now)} ({said})", parents=tuple(pairs))
