"""Study -> nodes: every cell of the study, and below it only what that cell needs.

Pure, apart from the digests of photos that stand outside the project. The project must have passed `check` up to the
laws that need nodes; a stage's parameters are validated here once more because layers are merged here.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from compiler.fingerprint import fingerprint
from compiler.layers import Layer, layers, training_seed_offset
from compiler.load import Project
from compiler.node import Graph, Node, Scope
from runtime.backend import DEFAULTS, info
from runtime.capture.digest import digest_source
from runtime.spec.cell import Cell
from runtime.spec.frame import PriorRange, StudyFrame
from runtime.spec.gate import GateRule
from runtime.spec.task import Task
from runtime.stage import REGISTRY, Port, Stage, load_stages, providers

HIDDEN_SITE = "hidden_site"


def expand(project: Project, study: str) -> Graph:
    """All nodes of a study.

    Raises:
        pydantic.ValidationError: when merged parameters are not valid; `check` says so first, at the line.
    """
    load_stages()
    return _Expansion(project, study).graph()


class _Expansion:
    """The state of one expansion: nodes by scope, made once each; and by address, where equal ones merge."""

    def __init__(self, project: Project, study: str) -> None:
        self.project, self.id = project, study
        self.study = project.studies[study]
        self.yardstick = self.study.baseline or next(iter(self.study.approaches), None)
        self.nodes: dict[tuple[str, str], Node] = {}
        self.by_scope: dict[tuple[str, Scope, str | None], Node] = {}
        self.layers: dict[tuple[str | None, ...], list[Layer]] = {}
        self.digests: dict[str, str] = {}
        self.frame = StudyFrame(
            id=study, baseline=self.study.baseline, locations=tuple(self.study.locations),
            tasks=tuple(self.study.tasks), approaches=tuple(self.study.approaches), seeds=tuple(self.study.seeds),
            trials=dict(self.study.trials), level=self.study.level, gates=tuple(self.study.gates),
        )  # fmt: skip
        self.cells = [
            Cell(approach=approach, location=location, task=task, seed=seed, domain=domain)
            for location in self.study.locations for task in self.study.tasks for approach in self.study.approaches
            for seed in self.study.seeds for domain in self.study.trials
        ]  # fmt: skip

    def graph(self) -> Graph:
        targets = [
            self.node(REGISTRY[stage], Scope(location=location, approach=self.yardstick))
            for location in self.study.locations for stage in self.study.targets
        ]  # fmt: skip
        targets += [self.node(REGISTRY["evaluate"], _scope(cell)) for cell in self.cells]
        if self.cells:
            targets.append(self.node(REGISTRY["report"], Scope(study=self.id)))
        unique = {node.address: node for node in targets}
        return Graph(self.id, self.nodes, list(unique.values()))

    def node(self, stage: Stage, scope: Scope) -> Node:
        key = (stage.name, scope.only(stage.per), scope.approach)
        if key not in self.by_scope:
            self.by_scope[key] = self._make(stage, scope)
        return self.by_scope[key]

    def _make(self, stage: Stage, scope: Scope) -> Node:
        inputs = {port.name: found for port in stage.ports if (found := self._parents(stage, port, scope)) is not None}
        own = scope.only(stage.per)
        chain = self._layers(scope)
        values: dict[str, Any] = {}
        origins = {}
        for layer in chain:
            for name, value in layer.stages.get(stage.name, {}).items():
                values[name] = value
                span = layer.spans.get(("stages", stage.name, name))
                if span is not None:
                    origins[name] = span
        for name, source in stage.bound.items():
            values[name] = self._bound(source, scope)
        params = stage.params.model_validate(values).model_dump(mode="json")
        content, source_dir = self._source(stage, scope, origins)
        chosen = {role: self.study.backends.get(role, DEFAULTS[role]) for role in stage.backends}
        backends = {role: {"name": name, "version": info(role, name).version} for role, name in chosen.items()}
        parents = {port: [n.fingerprint for n in found] for port, found in inputs.items()}
        address = fingerprint(stage.name, stage.version, params, parents, backends, content)
        existing = self.nodes.get((stage.name, address))
        if existing is not None:
            existing.aliases.append(scope)
            return existing
        offered = {port: found[0].contract for port, found in inputs.items() if found}
        node = Node(
            stage, own, params, inputs, backends, address, stage.offers(stage.params.model_validate(params), offered),
            origins, content, source_dir, [scope],
        )  # fmt: skip
        self.nodes[node.address] = node
        return node

    def _parents(self, stage: Stage, port: Port, scope: Scope) -> tuple[Node, ...] | None:
        if port.common:
            scope = replace(scope, approach=self.yardstick)
        wired = None
        for layer in self._layers(scope):
            wired = layer.inputs.get(stage.name, {}).get(port.name, wired)
        if port.optional and wired is None:
            return None
        if port.kind == HIDDEN_SITE or wired == HIDDEN_SITE:
            return None  # never a node: only a bound value, and only where `check` allows it
        provider = REGISTRY[wired or providers(port.kind)[0]]
        if not port.many:
            return (self.node(provider, scope),)
        return tuple(self.node(provider, child) for child in self._every(provider))

    def _every(self, stage: Stage) -> list[Scope]:
        """Scopes of a stage's nodes over the whole study, in the study's order."""
        if "seed" in stage.per:
            return [_scope(cell) for cell in self.cells]
        if "gate" in stage.per:
            return [Scope(gate=gate, study=self.id) for gate in self.study.gates]
        base = self.yardstick
        if "task" in stage.per:
            return [Scope(location=x, task=t, approach=base) for x in self.study.locations for t in self.study.tasks]
        if "location" in stage.per:
            return [Scope(location=x, approach=base) for x in self.study.locations]
        return [Scope(study=self.id)]

    def _layers(self, scope: Scope) -> list[Layer]:
        key = (scope.location, scope.task, scope.approach)
        if key not in self.layers:
            self.layers[key] = list(layers(self.project, self.id, *key))
        return self.layers[key]

    def _bound(self, source: str, scope: Scope) -> Any:
        sources: dict[str, Callable[[], Any]] = {
            "location.source": lambda: _photographed(self.project.locations[str(scope.location)].source),
            "hidden_site": lambda: self._hidden_site(scope),
            "task": lambda: _part(Task, self.project.tasks[str(scope.task)]),
            "seed": lambda: int(scope.seed or 0) + training_seed_offset(self.project, str(scope.approach)),
            "domain": lambda: scope.domain,
            "trials": lambda: self.study.trials[scope.domain],  # ty: ignore[invalid-argument-type]
            "cells": lambda: self.cells,
            "study": lambda: self.frame,
            "gate": lambda: _part(GateRule, self.project.gates[str(scope.gate)]),
            "priors": lambda: {a: self._prior(a) for a in self.study.approaches},
        }
        return sources[source]()

    def _hidden_site(self, scope: Scope) -> Any:
        source = self.project.locations[str(scope.location)].source
        return source if scope.domain == "irl_proxy" and source.kind == HIDDEN_SITE else None

    def _prior(self, approach: str) -> PriorRange:
        row = self.project.approaches[approach].row
        return PriorRange() if row is None else PriorRange(world_model=row.prior.world_model, irl=row.prior.irl)

    def _source(self, stage: Stage, scope: Scope, origins: dict[str, Any]) -> tuple[str | None, str | None]:
        """Digest and folder of what a capture reads outside the project."""
        if "location.source" not in stage.bound.values():
            return None, None
        spans = self.project.spans("location", str(scope.location))
        origins |= {".".join(map(str, path)): span for path, span in spans.items() if path and path[0] == "source"}
        source = self.project.locations[str(scope.location)].source
        folder: Path | None = self.project.source_folder(source)
        if folder is None:
            return None, None
        key = f"{source.model_dump_json()}@{folder}"
        if key not in self.digests:
            self.digests[key] = digest_source(source, folder, self.project.cache)
        return self.digests[key], str(folder)


def _scope(cell: Cell) -> Scope:
    return Scope(location=cell.location, task=cell.task, approach=cell.approach, seed=cell.seed, domain=cell.domain)


def _photographed(source: Any) -> Any:
    """What photos depend on: a hidden site's gap acts in trials only, so changing it must not capture again."""
    return source.model_copy(update={"gap": type(source.gap)()}) if source.kind == HIDDEN_SITE else source


def _part(model: Any, spec: Any) -> Any:
    """The bound part of a spec: the fields that `model` knows, so that titles stay out of addresses."""
    return model.model_validate({k: v for k, v in spec.model_dump(mode="json").items() if k in model.model_fields})
