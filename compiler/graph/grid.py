"""A study's grid: its cells, the scopes of its trials and trainings, and what its specs set at each scope."""

from collections.abc import Collection
from functools import cache, cached_property
from typing import Any

from compiler.graph.fingerprint import canonical
from compiler.graph.identity import Identities
from compiler.graph.node import Scope, Stops
from compiler.project.layers import approach_chain, approach_rounds, training_seed_offset
from compiler.project.project import Project
from compiler.spec.study import HELD_OUT
from runtime.bound.cell import Cell, CellGrid
from runtime.bound.domain import Domain
from runtime.bound.frame import StudyFrame
from runtime.bound.sequential import Schedule
from runtime.bound.twin_camera import TwinCamera
from runtime.stage import REGISTRY, marked_fields

LOOKS = "camera_keys"
"""The parameter that says which cameras a stage looks through: all that are named, unless specs say otherwise."""


@cache
def settable(stage: str) -> frozenset[str]:
    """Names of the parameters that specs may set."""
    params = REGISTRY[stage].params
    return frozenset(params.model_fields) - marked_fields(params, "bound").keys()


class Grid:
    """The grid of one study, without what gates have stopped."""

    def __init__(self, project: Project, study: str, stopped: Stops | None = None) -> None:
        self.project, self.study = project, project.studies[study]
        self.identities = Identities(project, study)
        spec, self.stopped = self.study, stopped
        skipped = stopped.skipped if stopped else ()
        more = {a: tuple(found) for a in spec.approaches if (found := spec.seeds_of(a)[len(spec.seeds) :])}
        self.frame = StudyFrame(
            id=study,
            baseline=spec.baseline,
            locations=tuple(x for x in spec.locations if x not in skipped),
            tasks=tuple(spec.tasks),
            approaches=tuple(spec.approaches),
            seeds=tuple(spec.seeds),
            more_seeds=more,
            trials=dict(spec.trials),
            level=spec.level,
            gates=tuple(spec.gates),
            reproducible=spec.reproducible,
        )
        every = CellGrid(
            locations=tuple(spec.locations),
            tasks=tuple(spec.tasks),
            approaches=tuple(spec.approaches),
            seeds=tuple(spec.seeds),
            more_seeds=more,
            domains=tuple(spec.trials),
        )
        left = [cell for cell in every.cells() if cell not in stopped.cells] if stopped and stopped.cells else None
        self.cells: CellGrid | list[Cell] = every if left is None else left
        self.tried = all((spec.locations, spec.tasks, spec.approaches, spec.seeds, spec.trials)) if left is None else bool(left)
        """Whether there is any cell."""
        self.schedules = {
            domain: Schedule.of(spec.sequential, domain, trials, spec.level) for domain, trials in spec.trials.items()
        }
        """Domain -> when its cells are looked at; None where all trials run at once."""
        self.scopes = [
            Scope(task=task, approach=approach, seed=seed, domain=domain, look=look)
            for task in spec.tasks
            for approach in spec.approaches
            for seed in spec.seeds_of(approach)
            for domain in spec.trials
            for look in self.looks(domain)
        ]
        """The evaluations at any one location, in the order of the study's cells, look by look."""
        self.lost: frozenset[Cell] = stopped.cells if stopped else frozenset()
        self.partly = frozenset(cell.location for cell in self.lost)
        """Locations at which a gate has stopped cells."""
        self.together: dict[tuple[str | None, str | None], list[Scope]] = {}
        """Task and domain -> the evaluations there at any one location, in the order of `scopes`."""
        for scope in self.scopes:
            self.together.setdefault((scope.task, scope.domain), []).append(scope)
        runs = self.scopes or [
            Scope(task=task, approach=approach, seed=seed)
            for task in spec.tasks or [None]
            for approach in spec.approaches
            for seed in spec.seeds_of(approach)
        ]
        self.trainings = list(dict.fromkeys(scope._replace(domain=None, look=None) for scope in runs))
        """The training runs at any one location, in the study's order; without trials those that its targets stand for."""
        self.judged: dict[str, list[str]] = {}
        """Gate -> what each artifact that it judges stands for."""
        self._of_approach: dict[tuple[str, str], dict[str, Any]] = {}
        self._values: dict[tuple[str, ...], tuple[dict[str, Any], str]] = {}
        self._offsets: dict[str | None, int] = {}

    def looks(self, domain: Domain) -> list[int | None]:
        """The batches of trials in a domain; None where all run at once."""
        schedule = self.schedules[domain]
        return [None] if schedule is None else list(range(1, schedule.looks + 1))

    def explained(self, domains: Collection[Domain]) -> list[Scope]:
        """The policies whose gap is explained at any one location, each in every one of these domains in which it is tried."""
        if (wanted := self.study.gap_factors) is None:
            return []
        of = self.study.approaches if wanted.of == "all" else [self.study.baseline or self.study.approaches[0]]
        return list(dict.fromkeys(s._replace(look=None) for s in self.scopes if s.domain in domains and s.approach in of))

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
        return list(
            dict.fromkeys(
                scope.only(("task", "domain", "look"))
                for scope in self.scopes
                if scope.look is not None and scope.look < last[scope.domain]  # ty: ignore[invalid-argument-type]
            )
        )

    def places(self, name: str) -> list[str]:
        """The locations of a set, without what is held out."""
        sets, specs = self.study.sets, self.project.locations
        return [x for x in sets.get(name, ()) if x not in sets.get(HELD_OUT, ()) and not specs[x].held_out]

    def cameras(self, location: str | None) -> dict[str, TwinCamera]:
        """The cameras that are said, those of the location before those of the study."""
        return self.study.cameras | (self.project.locations[location].cameras if location else {})

    def merged(self, stage: str, scope: Scope) -> tuple[dict[str, Any], str]:
        """What specs set, the later layer winning, and its canonical JSON."""
        location = self.project.locations[scope.location].stages.get(stage) if scope.location else None
        task = scope.task or ""
        eyes = tuple(self.cameras(scope.location)) if LOOKS in settable(stage) else ()
        key = (stage, task, scope.approach or "", repr(location) if location is not None else "", *eyes)
        if key in self._values:
            return self._values[key]
        values = {**({LOOKS: list(eyes)} if eyes else {}), **self.study.stages.get(stage, {}), **(location or {})}
        if scope.task:
            values |= self.project.tasks[scope.task].stages.get(stage, {})
        if scope.approach:
            values |= self._set_by_approach(stage, scope.approach)
        merged = (values, canonical(values))
        self._values[key] = merged
        return merged

    def _set_by_approach(self, stage: str, approach: str) -> dict[str, Any]:
        if (stage, approach) not in self._of_approach:
            chain = [self.project.approaches[name].stages.get(stage, {}) for name in approach_chain(self.project, approach)]
            self._of_approach[stage, approach] = {k: v for section in chain for k, v in section.items()}
        return self._of_approach[stage, approach]

    def rounds(self, approach: str | None) -> int | None:
        """How many rounds an approach has, where it has any."""
        return approach_rounds(self.project, approach) if approach is not None else None

    def seed(self, scope: Scope) -> int:
        """The training seed of a scope: the study's, with the offset of the approach."""
        if scope.approach not in self._offsets:
            self._offsets[scope.approach] = training_seed_offset(self.project, str(scope.approach))
        return int(scope.seed or 0) + self._offsets[scope.approach]


def _cell(scope: Scope) -> Cell:
    return Cell(
        approach=str(scope.approach),
        location=str(scope.location),
        task=str(scope.task),
        seed=int(scope.seed or 0),
        domain=scope.domain,  # ty: ignore[invalid-argument-type]
    )
