"""Specs -> the parameters of a stage at a scope: layers merged, bound values filled in, equal ones validated once."""

from collections.abc import Callable
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING

from pydantic import BaseModel, JsonValue

from compiler.graph.fingerprint import canonical, head
from compiler.graph.node import Scope, Setting
from compiler.project.layers import approach_chain, training_seed_offset
from compiler.project.load import Project
from runtime.bound.cell import Cell, Domain
from runtime.bound.frame import StudyFrame
from runtime.bound.gate import GateRule
from runtime.bound.imported import ImportedSet
from runtime.bound.sequential import InterimPlace, Schedule
from runtime.bound.source import HiddenSite, Source
from runtime.bound.task import Task
from runtime.contract import Contract
from runtime.stage import REGISTRY, Stage
from runtime.trials.listing import read_manifest

if TYPE_CHECKING:
    from compiler.graph.stops import Stops

HIDDEN_SITE = "hidden_site"
LOCAL = ("location.source", "hidden_site")
"""Bound sources whose value belongs to one location."""


class Settings:
    """The settings of one study."""

    def __init__(self, project: Project, study: str, stopped: "Stops | None" = None) -> None:
        self.project, self.study = project, project.studies[study]
        spec, self.stopped = self.study, stopped
        skipped = stopped.skipped if stopped else ()
        framed = {field: getattr(spec, field) for field in StudyFrame.model_fields if field != "id"}
        framed |= {"id": study, "locations": [x for x in spec.locations if x not in skipped]}
        self.frame = StudyFrame.model_validate(framed)
        self.lost: frozenset[Cell] = stopped.cells if stopped else frozenset()
        axes = (spec.locations, spec.tasks, spec.approaches, spec.seeds, spec.trials)
        cells = (
            Cell(approach=approach, location=location, task=task, seed=seed, domain=domain)
            for location, task, approach, seed, domain in product(*axes)
        )
        self.cells = [cell for cell in cells if cell not in self.lost]
        self.schedules = {
            domain: Schedule.of(spec.sequential, domain, trials, spec.level) for domain, trials in spec.trials.items()
        }
        """Domain -> when its cells are looked at; None where all trials run at once."""
        self.scopes = [
            Scope(task=task, approach=approach, seed=seed, domain=domain, look=look)
            for task, approach, seed, domain in product(*axes[1:])
            for look in self._looks(domain)
        ]
        """The evaluations at any one location, in the order of the study's cells, look by look."""
        self.partly = frozenset(cell.location for cell in self.lost)
        """Locations at which a gate has stopped cells."""
        self.together: dict[tuple[str | None, str | None], list[Scope]] = {}
        """Task and domain -> the evaluations there at any one location, in the order of `scopes`."""
        for scope in self.scopes:
            self.together.setdefault((scope.task, scope.domain), []).append(scope)
        self.trainings = list(dict.fromkeys(scope._replace(domain=None, look=None) for scope in self.scopes))
        """The training runs at any one location, in the study's order."""
        self.judged: dict[str, list[str]] = {}
        """Gate -> what each artifact that it judges stands for."""
        self._made: dict[tuple[object, ...], Setting] = {}
        self._wanted: dict[Contract, Contract] = {}
        self._of_approach: dict[tuple[str, str], dict[str, JsonValue]] = {}
        self._values: dict[tuple[str, ...], tuple[dict[str, JsonValue], str]] = {}
        self._offsets: dict[str | None, int] = {}

    def _looks(self, domain: Domain) -> list[int | None]:
        schedule = self.schedules[domain]
        return [None] if schedule is None else list(range(1, schedule.looks + 1))

    def peers(self, scope: Scope) -> list[Scope]:
        """Evaluations at the place, task and domain of `scope`, of every approach and seed, up to its look."""
        there = [
            one._replace(location=scope.location)
            for one in self.together.get((scope.task, scope.domain), ())
            if (one.look or 0) <= (scope.look or 0)
        ]
        return [one for one in there if not self.is_stopped(one)]

    def is_stopped(self, scope: Scope) -> bool:
        """Whether a gate has stopped the cell that an evaluation belongs to."""
        return scope.location in self.partly and _cell(scope) in self.lost

    def interims(self, location: str | None = None) -> list[Scope]:
        """The interim looks at a location, after every batch but the last; where all was stopped, none is taken."""
        found = [one._replace(location=location) for one in self._interims]
        return [one for one in found if self.peers(one)] if location in self.partly else found

    @cached_property
    def _interims(self) -> list[Scope]:
        last = {domain: schedule.looks for domain, schedule in self.schedules.items() if schedule is not None}
        early = (one for one in self.scopes if one.domain is not None and one.look is not None and one.look < last[one.domain])
        return list(dict.fromkeys(one.only(("task", "domain", "look")) for one in early))

    def of(self, stage: Stage, scope: Scope) -> Setting:
        """The setting of a stage's node.

        Raises:
            pydantic.ValidationError: when merged parameters are not valid.
        """
        values, text = self._merged(stage.name, scope)
        key = (stage.name, text, *[self._key(source, scope) for source in stage.bound.values()])
        found = self._made.get(key)
        if found is None:
            filled = {name: self._sources[source](scope) for name, source in stage.bound.items()}
            model = stage.params.model_validate({**values, **filled})
            params = model.model_dump(mode="json")
            wanted = {port: self._wanted.setdefault(facts, facts) for port, facts in stage.expects(model).items()}
            found = Setting(stage, model, params, head(stage.name, stage.version, params), wanted)
            self._made[key] = found
        return found

    def is_local(self, stage: Stage, scope: Scope) -> bool:
        """Whether something is bound that belongs to the scope's location alone."""
        return any(self._key(source, scope) == scope.location for source in stage.bound.values() if source in LOCAL)

    def _merged(self, stage: str, scope: Scope) -> tuple[dict[str, JsonValue], str]:
        """What specs set, the later layer winning, and its canonical JSON."""
        location = self.project.locations[scope.location].stages.get(stage) if scope.location else None
        task = scope.task or ""
        if location is None and (stage, task, scope.approach or "") in self._values:
            return self._values[stage, task, scope.approach or ""]
        values = {**self.study.stages.get(stage, {}), **(location or {})}
        if scope.task:
            values |= self.project.tasks[scope.task].stages.get(stage, {})
        if scope.approach:
            values |= self._set_by_approach(stage, scope.approach)
        merged = (values, canonical(values))
        if location is None:
            self._values[stage, task, scope.approach or ""] = merged
        return merged

    def _set_by_approach(self, stage: str, approach: str) -> dict[str, JsonValue]:
        if (stage, approach) not in self._of_approach:
            chain = [self.project.approaches[name].stages.get(stage, {}) for name in approach_chain(self.project, approach)]
            self._of_approach[stage, approach] = {k: v for section in chain for k, v in section.items()}
        return self._of_approach[stage, approach]

    def _key(self, source: str, scope: Scope) -> object:
        """Something small that is equal only where the bound value is."""
        if source == "seed":
            return self._seed(scope)
        if source in ("domain", "trials", "schedule"):
            return scope.domain
        if source == "look":
            return scope.look
        if source == "peers":
            return tuple(one.only(("approach", "seed")) for one in self.peers(scope))
        if source == "arm":
            return self._arm(scope)
        if source == "trial_seed":
            return self._trial_seed(scope)
        if source == "hidden_site":
            return scope.location if self._hidden_site(scope) is not None else None
        return {"location.source": scope.location, "task": scope.task, "gate": scope.gate, "claim": scope.claim}.get(source)

    @cached_property
    def _sources(self) -> dict[str, Callable[[Scope], object]]:
        """Bound source -> what it is worth at a scope; made once, since every location of a fleet asks."""
        return {
            "location.source": lambda scope: _photographed(self.project.locations[str(scope.location)].source),
            "hidden_site": self._hidden_site,
            "task": lambda scope: _part(Task, self.project.tasks[str(scope.task)]),
            "seed": self._seed,
            "domain": lambda scope: scope.domain,
            "trials": lambda scope: self.study.trials[scope.domain],  # ty: ignore[invalid-argument-type]
            "cells": lambda _: self.cells,
            "study": lambda _: self.frame,
            "gate": lambda scope: _part(GateRule, self.project.gates[str(scope.gate)]),
            "judged": lambda scope: self.judged.get(str(scope.gate), []),
            "stopped": lambda _: self._stopped(),
            "claim": lambda scope: self.study.claims[str(scope.claim)],
            "claims": lambda _: list(self.study.claims),
            "waivers": lambda _: self.study.waivers,
            "imported": lambda _: self._sets(self.study.imported),
            "repeated": lambda _: self._sets(self.study.repeated),
            "snapshots": lambda _: self.study.learning.at if self.study.learning else [],
            "learning_trials": lambda _: self.study.learning.trials if self.study.learning else 1,
            "trial_seed": self._trial_seed,
            "schedule": lambda scope: self.schedules[scope.domain],  # ty: ignore[invalid-argument-type]
            "look": lambda scope: scope.look or 1,
            "arm": self._arm,
            "peers": lambda scope: [f"{one.approach}/{one.seed}" for one in self.peers(scope)],
            "baseline": lambda _: self.study.baseline,
            "schedules": lambda _: {d: schedule for d, schedule in self.schedules.items() if schedule is not None},
            "interim_places": lambda _: [
                InterimPlace(location=location, task=one.task, domain=one.domain, look=one.look)  # ty: ignore[invalid-argument-type]
                for location in self.study.locations
                for one in self.interims(location)
            ],
            "parts": lambda _: [len(self._looks(cell.domain)) for cell in self.cells] if self.study.sequential else [],
            "priors": lambda _: {a: self.project.approaches[a].row.prior for a in self.study.approaches},
        }

    def _sets(self, names: list[str]) -> list[ImportedSet]:
        root = self.project.root
        return [
            ImportedSet(name=name, sha256=found["sha256"], day=found.get("imported"))
            for name in names
            if (found := read_manifest(root, name))
        ]

    def _seed(self, scope: Scope) -> int:
        if scope.approach not in self._offsets:
            self._offsets[scope.approach] = training_seed_offset(self.project, str(scope.approach))
        return int(scope.seed or 0) + self._offsets[scope.approach]

    def _trial_seed(self, scope: Scope) -> object:
        """The family of initial states of the study's other trials there."""
        values, _ = self._merged("evaluate", scope)
        return values.get("trial_seed", REGISTRY["evaluate"].params.model_fields["trial_seed"].default)

    def _arm(self, scope: Scope) -> str:
        """The approach, for a batch whose size an interim look decides; else nothing, so that equal work is shared."""
        return str(scope.approach) if (scope.look or 1) > 1 else ""

    def _hidden_site(self, scope: Scope) -> HiddenSite | None:
        if scope.domain != "irl_proxy":
            return None
        source = self.project.locations[str(scope.location)].source
        return source if isinstance(source, HiddenSite) else None

    def _stopped(self) -> list[dict[str, object]]:
        """What the report says of gates that stopped something."""
        if self.stopped is None:
            return []
        places, gates = self.stopped.places, self.project.gates
        return [
            {"gate": gate, "on_fail": gates[gate].on_fail, "reason": reason, "places": list(places[gate])}
            for gate, reason in self.stopped.reasons.items()
        ]


def _cell(scope: Scope) -> Cell:
    return Cell.model_validate({axis: getattr(scope, axis) for axis in Cell.model_fields})


def _photographed(source: Source) -> Source:
    """What photos depend on: a hidden site's gap acts in trials only, so changing it must not capture again."""
    return source.model_copy(update={"gap": type(source.gap)()}) if isinstance(source, HiddenSite) else source


def _part[M: BaseModel](model: type[M], spec: BaseModel) -> M:
    """The bound part of a spec: the fields that `model` knows, so that titles stay out of addresses."""
    return model.model_validate({k: v for k, v in spec.model_dump(mode="json").items() if k in model.model_fields})
