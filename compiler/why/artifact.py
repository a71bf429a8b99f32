"""All that is known of one artifact, planned or stored: what set each parameter, and what it was made from."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from compiler.graph.node import Address, Node
from compiler.plan.plan import Plan
from compiler.project.layers import layers
from compiler.project.project import Project
from compiler.store.fact import address_of, read_fact
from compiler.store.index import StoreIndex
from compiler.why.blame import blame
from runtime.job import Job
from runtime.store.store import DamagedArtifact, Store


@dataclass(frozen=True)
class Parameter:
    """One parameter. `at` is the line of the spec that set it; without one `by` says who did."""

    name: str
    value: Any
    at: str = ""
    by: str = "default"


@dataclass(frozen=True)
class Ancestor:
    """An artifact that others were made from.

    `settings` are those that a line of a spec set; `wired` maps a port to the line that chose what it reads.
    """

    stage: str
    fingerprint: str
    label: str
    stored: bool
    settings: list[Parameter]
    parents: dict[str, list[Address]]
    wired: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Artifact:
    """One artifact. `planned` is what the plan says of it, None for what no study plans.

    `lineage` holds the artifact itself first and each ancestor once; `manifest` is None for what is not built.
    `readers` counts the planned nodes that read it, `readers_stored` the artifacts that were made from it.
    """

    stage: str
    fingerprint: str
    label: str
    study: str | None
    planned: str | None
    scopes: list[dict[str, str]]
    version: int
    settings: list[Parameter]
    backends: list[dict[str, str]]
    lineage: list[Ancestor]
    readers: int = 0
    readers_stored: int = 0
    content: str | None = None
    manifest: dict[str, Any] | None = None
    damage: str = ""
    expected: dict[str, Any] = field(default_factory=dict)


def of_node(project: Project, plan: Plan, node: Node) -> Artifact:
    """All of a planned node, built or not."""
    graph, state = plan.graph, str(plan.states[node.address])
    what = (settings(project, graph.study, node), _backends(node.backends), _planned_lineage(project, graph.study, node))
    readers = sum(1 for other in graph.nodes.values() if any(p.address == node.address for p in other.parents()))
    found = (readers, _readers_stored(project, node.address), node.content, *_manifest(Store(project.store), node.address))
    named = (*node.address, node.label, graph.study, state, node.scopes(), node.stage.version)
    return Artifact(*named, *what, *found, node.contract.to_json())


def of_stored(project: Project, address: Address) -> Artifact:
    """All of an artifact that no study plans. Spec lines are those of the time when it was planned, if known."""
    store = Store(project.store)
    manifest, damage = _manifest(store, address)
    known = manifest or {}
    scopes, version = [dict(scope) for scope in known.get("scopes", [])], int(known.get("version", 0))
    said, backends = _stored_settings(project, address, known), _backends(known.get("backends", {}))
    what = (scopes, version, said, backends, _stored_lineage(project, store, address))
    found = (0, _readers_stored(project, address), known.get("content"), manifest, damage)
    return Artifact(*address, _stored_label(project, address, known), None, None, *what, *found)


def settings(project: Project, study: str, node: Node) -> list[Parameter]:
    """Every parameter of a node with the line that set it."""
    return [setting(project, study, node, name) for name in node.params]


def setting(project: Project, study: str, node: Node, name: str) -> Parameter:
    """One parameter of a node with the line that set it."""
    value = node.params[name]
    if name in node.stage.bound:
        source = node.stage.bound[name]
        span = blame(project, study, node, (name,))
        return Parameter(name, value, str(span) if span else "", f"filled from {source}")
    span = node.origins.get(name)
    return Parameter(name, value, str(span) if span else "", "spec" if span else "default")


def _planned_lineage(project: Project, study: str, node: Node) -> list[Ancestor]:
    store, found, waiting = Store(project.store), dict[Address, Ancestor](), [node]
    while waiting:
        one = waiting.pop()
        if one.address not in found:
            parents = {port: [p.address for p in group] for port, group in one.inputs.items()}
            lines = [s for s in settings(project, study, one) if s.at]
            known = (one.label, store.has(*one.address), lines, parents)
            found[one.address] = Ancestor(*one.address, *known, wired(project, study, one))
            waiting += reversed(list(one.parents()))
    return list(found.values())


def wired(project: Project, study: str, node: Node) -> dict[str, str]:
    """Port -> the line of an approach that chose the stage it reads."""
    found: dict[str, str] = {}
    for approach in dict.fromkeys(scope.get("approach") for scope in node.scopes()):
        for layer in layers(project, study, node.scope.location, node.scope.task, approach):
            for port in layer.inputs.get(node.stage.name, {}):
                span = layer.spans.get(("inputs", node.stage.name, port))
                if span is not None:
                    found[port] = str(span)
    return found


def _stored_lineage(project: Project, store: Store, address: Address) -> list[Ancestor]:
    found, waiting = dict[Address, Ancestor](), [address]
    while waiting:
        one = waiting.pop()
        if one not in found:
            manifest = _manifest(store, one)[0] or {}
            parents = {port: [address_of(text) for text in texts] for port, texts in manifest.get("parents", {}).items()}
            lines = [s for s in _stored_settings(project, one, manifest) if s.at]
            found[one] = Ancestor(*one, _stored_label(project, one, manifest), store.has(*one), lines, parents)
            waiting += reversed([parent for group in parents.values() for parent in group])
    return list(found.values())


def _stored_settings(project: Project, address: Address, manifest: Mapping[str, Any]) -> list[Parameter]:
    job = _job(project, address)
    lines = {name: f"{o['file']}:{o['line']}:{o['col']}" for name, o in (job.origins if job else {}).items()}
    return [
        Parameter(name, value, lines.get(name, ""), "spec, when it was planned" if name in lines else "not known")
        for name, value in manifest.get("params", {}).items()
    ]


def _stored_label(project: Project, address: Address, manifest: Mapping[str, Any]) -> str:
    if manifest.get("scopes"):
        with suppress(KeyError, TypeError, ValueError, AttributeError):
            return read_fact(manifest, 0.0).label
    job = _job(project, address)
    return job.label if job else "/".join((address[0], address[1][:12]))


def _job(project: Project, address: Address) -> Job | None:
    """The job as it was last planned on this machine."""
    with suppress(OSError, ValueError, TypeError, KeyError):
        return Job.read(project.root / "build" / "jobs", *address)
    return None


def _manifest(store: Store, address: Address) -> tuple[dict[str, Any] | None, str]:
    """The manifest, if it is built, and what is wrong with the artifact, as far as sizes tell."""
    if not store.has(*address):
        return None, ""
    try:
        return store.check(*address, digests=False), ""
    except DamagedArtifact as damage:
        with suppress(DamagedArtifact):
            found = store.manifest(*address)
            return (found if isinstance(found, dict) else None), str(damage)
        return None, str(damage)


def _backends(backends: Mapping[str, Mapping[str, str]]) -> list[dict[str, str]]:
    from runtime.backend import info
    from runtime.problem import InputError

    found = []
    for role, chosen in sorted(backends.items()):
        try:
            licence = info(role, chosen["name"]).licence
        except InputError:
            licence = "not installed here"
        found.append({"role": role, **chosen, "licence": licence})
    return found


def _readers_stored(project: Project, address: Address) -> int:
    index = StoreIndex.of(project)
    stages = {fact.stage for fact in index.facts()}
    needle = "/".join(address)
    made_from = (found["parents"].values() for stage in stages for found in index.inputs_of(stage))
    return sum(any(needle in group for group in parents) for parents in made_from)
