"""Why a node is built: one short predicate per reason, each comparing the node with its nearest earlier artifact."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from compiler.node import Node
from compiler.plan import Plan, State
from runtime.store import DamagedArtifact, Store


@dataclass(frozen=True)
class Reason:
    """One reason, with old and new value and the line of the spec that set the new one."""

    text: str
    at: str = ""


def nearest(node: Node, store: Store) -> dict[str, Any] | None:
    """The manifest of the stage's published artifact that differs from `node` in the fewest places."""
    best: tuple[int, str, dict[str, Any]] | None = None
    for fingerprint in sorted(store.listing().get(node.stage.name, ())):
        try:
            manifest = store.manifest(node.stage.name, fingerprint)
        except DamagedArtifact:
            continue
        distance = len(_differing(node.params, manifest["params"])) + 2 * sum(1 for _ in parent_changed(node, manifest))
        if best is None or distance < best[0]:
            best = (distance, fingerprint, manifest)
    return best[2] if best else None


def parameter_changed(node: Node, old: dict[str, Any]) -> Iterator[Reason]:
    """A parameter has another value."""
    for name in _differing(node.params, old["params"]):
        before, now = old["params"].get(name), node.params.get(name)
        span = node.origins.get(name)
        yield Reason(f"parameter `{name}`: {_short(before)} -> {_short(now)}", str(span) if span else "")


def version_changed(node: Node, old: dict[str, Any]) -> Iterator[Reason]:
    """The stage's version was bumped."""
    if node.stage.version != old["version"]:
        yield Reason(f"stage version: {old['version']} -> {node.stage.version}")


def backend_changed(node: Node, old: dict[str, Any]) -> Iterator[Reason]:
    """Another back end, or another version of it."""
    for role in _differing(node.backends, old["backends"]):
        yield Reason(f"back end `{role}`: {_short(old['backends'].get(role))} -> {_short(node.backends.get(role))}")


def parent_changed(node: Node, old: dict[str, Any]) -> Iterator[Reason]:
    """A parent has another address."""
    for port in sorted(set(node.inputs) | set(old["parents"])):
        now = {f"{p.stage.name}/{p.fingerprint}": p.label for p in node.inputs.get(port, ())}
        added = [label for address, label in now.items() if address not in old["parents"].get(port, [])]
        if added:
            more = f" and {len(added) - 1} more" if len(added) > 1 else ""
            yield Reason(f"parent `{port}` is another artifact: {added[0]}{more}")
        elif len(now) != len(set(old["parents"].get(port, []))):
            yield Reason(f"fewer parents at `{port}`")


def content_changed(node: Node, old: dict[str, Any]) -> Iterator[Reason]:
    """The photos or the splat outside the project changed."""
    if node.content != old.get("content"):
        yield Reason("the photos or the splat of the location changed")


PREDICATES: tuple[Callable[[Node, dict[str, Any]], Iterator[Reason]], ...] = (
    parameter_changed, version_changed, backend_changed, parent_changed, content_changed,
)  # fmt: skip


def explain(node: Node, plan: Plan, store: Store) -> list[Reason]:
    """All reasons to build `node`; a single one saying so when it is not built."""
    state = plan.states[node.address]
    if state is State.REUSE:
        return [Reason(f"not built: {node.stage.name}/{node.fingerprint} is in the store")]
    if state is State.UNNEEDED:
        return [Reason("not built: it is absent, but everything that would read it is in the store")]
    old = nearest(node, store)
    if old is None:
        return [Reason(f"missing: no artifact of stage `{node.stage.name}` was built yet")]
    reasons = [reason for predicate in PREDICATES for reason in predicate(node, old)]
    compared = f"compared with {node.stage.name}/{old['fingerprint'][:12]}"
    return [*reasons, Reason(compared)] if reasons else [Reason("missing: it was built before, and is gone")]


def _differing(a: dict[str, Any], b: dict[str, Any]) -> list[str]:
    return sorted(k for k in a.keys() | b.keys() if a.get(k) != b.get(k))


def _short(value: Any) -> str:
    text = json.dumps(value, sort_keys=True)
    return text if len(text) <= 60 else text[:57] + "..."
