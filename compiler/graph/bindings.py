"""Bound sources: what the compiler fills into a stage's parameters, one entry for each.

`runtime.stage.BOUND` says which there are, and what people set in the place of a parameter that is bound; here stands what
each is worth, what it varies with, and which line decides it. A test holds that both name the same sources.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from compiler.graph.grid import Grid
from compiler.graph.node import Node, Scope, Stops
from compiler.project.differences import clean_twins, counted_placebos
from compiler.project.layers import approach_chain, approach_policy, fixed_policies
from compiler.project.project import Project
from compiler.reading.source import Step
from compiler.reading.spec_cache import enabled
from compiler.spec.location import Location
from compiler.spec.study import GapFactors
from runtime.backend import info
from runtime.bound.audit import audited, preferred
from runtime.bound.benchmark import BENCHMARK, BenchmarkSuite, BenchmarkTask, FoundBenchmark
from runtime.bound.cell import listed
from runtime.bound.checkpoint import FoundPolicy
from runtime.bound.claim import Composed
from runtime.bound.domain import DOMAINS
from runtime.bound.frame import PriorRange
from runtime.bound.gate import GateRule
from runtime.bound.imported import ImportedSet
from runtime.bound.lab import LAB, Lab, LabTask
from runtime.bound.robot import FoundRobot
from runtime.bound.sequential import InterimPlace
from runtime.bound.source import HiddenSite
from runtime.checkpoints.digest import found_policy
from runtime.footage.files import found_videos
from runtime.recorded.files import found_dataset
from runtime.robots.digest import digest_robot
from runtime.sim.tasks import kinds
from runtime.trials.listing import read_manifest

HIDDEN_SITE = "hidden_site"
Path = tuple[Step, ...]
Place = tuple[str, str, Path]
"""Kind and id of a spec, and the path of the line in it."""


@dataclass(frozen=True)
class Binding:
    """One source.

    `value` is what it is worth at a scope; `place` the line that decides it, from the node and the path inside of the value;
    `key` something small that is equal only where the value is. Without `place` the study as a whole decides, without `key`
    the value is the same at every scope. `local` values belong to one location.
    """

    value: Callable[[Grid, Scope], Any]
    place: "Callable[[Asked], Place] | str | None" = None
    key: Callable[[Grid, Scope], Any] | None = None
    local: bool = False


@dataclass(frozen=True)
class Asked:
    """Whose line is asked for: the value of a node in a study, and the path `inside` of it."""

    project: Project
    study: str
    node: Node
    inside: Path

    def chain(self) -> list[str]:
        """The approaches that the node belongs to, and those that they extend, the nearest first."""
        own = self.node.scope.approach
        approaches = (own,) if own is not None else self.node.askers
        return [link for approach in approaches for link in reversed(approach_chain(self.project, approach))]


def place_of(source: str, asked: Asked) -> Place:
    """The line behind a bound value."""
    place = BINDINGS[source].place
    if isinstance(place, str) or place is None:
        return "study", asked.study, () if place is None else (place,)
    return place(asked)


def _location(asked: Asked) -> Place:
    return "location", str(asked.node.scope.location), ("source", *asked.inside)


def _part_of_location(name: str) -> Callable[[Asked], Place]:
    return lambda asked: ("location", str(asked.node.scope.location), (name, *asked.inside))


def _said(name: str) -> Callable[[Grid, Scope], Any]:
    """What the location says in a section, and the same as nothing where that is empty."""
    empty = Location.model_fields[name].get_default(call_default_factory=True)
    return lambda grid, at: getattr(spec, name) if (spec := grid.project.locations[str(at.location)]).says(name) else empty


def _key(name: str) -> Callable[[Grid, Scope], Any]:
    """The location where it says something; nothing where it does not, so that equal work is shared."""
    return lambda grid, at: at.location if grid.project.locations[str(at.location)].says(name) else None


def _camera(asked: Asked) -> Place:
    """The location where it says a camera of that name, else the study."""
    location = str(asked.node.scope.location)
    own = asked.inside and asked.inside[0] in asked.project.locations[location].cameras
    return ("location", location, ("cameras", *asked.inside)) if own else ("study", asked.study, ("cameras", *asked.inside))


def _trials(asked: Asked) -> Place:
    return "study", asked.study, ("trials", str(asked.node.scope.domain))


def _states_place(asked: Asked) -> Place:
    return _trials(asked) if asked.node.scope.domain else ("study", asked.study, ("learning", "trials"))


def _seeds(asked: Asked) -> Place:
    for link in asked.chain():
        if asked.project.approaches[link].training_seed_offset is not None:
            return "approach", link, ("training_seed_offset",)
    return "study", asked.study, ("seeds",)


def _priors(asked: Asked) -> Place:
    if not asked.inside:
        return "study", asked.study, ("approaches",)
    return "approach", str(asked.inside[0]), ("row", "prior", *asked.inside[1:])


def _below(*path: str) -> Callable[[Asked], Place]:
    return lambda asked: ("study", asked.study, (*path, *asked.inside))


def _domain(grid: Grid, at: Scope) -> Any:
    return at.domain


def _hidden(grid: Grid, at: Scope) -> Any:
    source = grid.project.locations[str(at.location)].source
    return source if source.kind == HIDDEN_SITE else None


def _site(grid: Grid, at: Scope) -> Any:
    """The hidden site, for trials there alone."""
    return _hidden(grid, at) if at.domain is not None and DOMAINS[at.domain].at_site else None


def _recordable(grid: Grid, at: Scope) -> Any:
    """The hidden site, where nobody brought recordings that take its place."""
    return None if grid.project.data(str(at.location), str(at.task)) is not None else _hidden(grid, at)


def _arm(grid: Grid, at: Scope) -> str:
    """The approach, for a batch whose size an interim look decides; else nothing, so that equal work is shared."""
    return str(at.approach) if (at.look or 1) > 1 else ""


def _states(grid: Grid, at: Scope) -> int:
    """The most initial states that any trial of a domain begins from; without a domain, those of learning curves."""
    if at.domain is None:
        return grid.study.learning.trials if grid.study.learning else 1
    schedule = grid.schedules[at.domain]
    return schedule.most if schedule else grid.study.trials[at.domain]


def _gap_levels(grid: Grid, at: Scope) -> tuple[str, ...]:
    """Levels of the gap, in domains at hidden sites alone: elsewhere nothing depends on it."""
    return grid.study.conditions.levels() if at.domain is not None and DOMAINS[at.domain].at_site else ()


def _stopped(grid: Grid, at: Scope) -> list[dict[str, Any]]:
    """What the report says of gates that stopped something."""
    stopped, gates = grid.stopped or Stops(), grid.project.gates
    return [
        {"gate": gate, "on_fail": gates[gate].on_fail, "reason": reason, "places": list(stopped.places[gate])}
        for gate, reason in stopped.reasons.items()
    ]


def _exploited(grid: Grid, at: Scope) -> list[GateRule]:
    """Gates over what is exploited that stop claims where they fail."""
    listed = {gate: grid.project.gates[gate] for gate in grid.study.gates if gate not in grid.study.waivers.gates}
    return [_part(GateRule, rule) for rule in listed.values() if rule.against is not None and rule.on_fail != "warn"]


def _required(grid: Grid, at: Scope) -> dict[str, GateRule]:
    """Gates that the claim requires and the project has, by name."""
    claim = grid.study.claims[str(at.claim)]
    names = claim.requires if isinstance(claim, Composed) else []
    return {name: _part(GateRule, grid.project.gates[name]) for name in sorted(names) if name in grid.project.gates}


def _interim_places(grid: Grid, at: Scope) -> list[InterimPlace]:
    return [
        InterimPlace(location=location, task=one.task, domain=one.domain, look=one.look)  # ty: ignore[invalid-argument-type]
        for location in grid.study.locations
        for one in grid.interims(location)
    ]


def _sets(grid: Grid, names: list[str]) -> list[ImportedSet]:
    root = grid.project.root
    return [
        ImportedSet(name=name, sha256=found["sha256"], day=found.get("imported"), seeds=found.get("seeds_count", "training"))
        for name in names
        if (found := read_manifest(root, name))
    ]


def _prior(grid: Grid, approach: str) -> PriorRange:
    row = grid.project.approaches[approach].row
    return PriorRange() if row is None else PriorRange(world_model=row.prior.world_model, irl=row.prior.irl)


def _photographed(grid: Grid, at: Scope) -> Any:
    """What photos depend on: a hidden site's gap acts in trials only, so changing it must not capture again."""
    source = grid.project.locations[str(at.location)].source
    return source.model_copy(update={"gap": type(source.gap)()}) if isinstance(source, HiddenSite) else source


def _part(model: Any, spec: Any) -> Any:
    """The bound part of a spec: the fields that `model` knows, so that titles stay out of addresses."""
    return model.model_validate({k: v for k, v in spec.model_dump(mode="json").items() if k in model.model_fields})


def _robot(grid: Grid, at: Scope) -> Any:
    """The study's robot with a digest of its files; without one the built-in arm is meant."""
    said = grid.study.robot
    if said is None:
        return None
    root = grid.project.root_folder(said.root)
    content = "" if root is None else digest_robot(said, root)
    return FoundRobot(**said.model_dump(), content=content)


def _data(grid: Grid, at: Scope) -> Any:
    """The recorded demos of a task at a location, with what their own files say of them."""
    said = grid.project.data(str(at.location), str(at.task))
    return None if said is None else found_dataset(said[2], grid.project.root_folder(said[2].root))


def _videos(section: str) -> Callable[[Grid, Scope], Any]:
    """The location's folder of videos with a digest of those that are read; None where it names none."""

    def value(grid: Grid, at: Scope) -> Any:
        said = getattr(grid.project.locations[str(at.location)], section)
        return said and found_videos(said, grid.project.root_folder(said.root), grid.project.cache if enabled() else None)

    return value


def _data_key(grid: Grid, at: Scope) -> Any:
    said = grid.project.data(str(at.location), str(at.task))
    return None if said is None else at.location if said[0] == "location" else f"task {at.task}"


def _data_place(asked: Asked) -> Place:
    said = asked.project.data(str(asked.node.scope.location), str(asked.node.scope.task))
    return (*said[:2], ("data", *asked.inside)) if said else ("location", str(asked.node.scope.location), ())


def _policy(grid: Grid, at: Scope) -> FoundPolicy:
    """The approach's checkpoint with a digest of its files."""
    found = approach_policy(grid.project, str(at.approach))
    if found is None:
        raise LookupError(f"approach {at.approach!r} brings no policy")
    return found_policy(found[1], grid.project.root_folder(found[1].root), grid.project.cache if enabled() else None)


def _policy_place(asked: Asked) -> Place:
    found = next(filter(None, (approach_policy(asked.project, name) for name in asked.chain())), None)
    return "approach", found[0] if found else str(asked.node.scope.approach), ("policy", *asked.inside)


def _crossing(name: str) -> Binding:
    """One field of the approach's checkpoint that is a fact of a port's contract."""

    def value(grid: Grid, at: Scope) -> Any:
        found = approach_policy(grid.project, str(at.approach))
        said = getattr(found[1], name) if found else None
        return tuple(said) if isinstance(said, dict) else said

    return Binding(value, lambda asked: (*_policy_place(asked)[:2], ("policy", name)), lambda _, at: at.approach)


def _task(grid: Grid, at: Scope) -> Any:
    spec = grid.project.tasks[str(at.task)]
    outside: dict[str, type[Any]] = {BENCHMARK: BenchmarkTask, LAB: LabTask}
    return _part(outside.get(spec.kind) or kinds()[spec.kind], spec)


def _benchmark(grid: Grid, at: Scope) -> FoundBenchmark | None:
    """The location's suite with what its description says."""
    source = grid.project.locations[str(at.location)].source
    if not isinstance(source, BenchmarkSuite) or (facts := info(BENCHMARK, source.suite).benchmark) is None:
        return None
    return FoundBenchmark.of(source, facts)


def _lab(grid: Grid, at: Scope) -> Lab | None:
    """The location, where it is a lab."""
    source = grid.project.locations[str(at.location)].source
    return source if isinstance(source, Lab) else None


BINDINGS: dict[str, Binding] = {
    "location.source": Binding(_photographed, _location, lambda _, at: at.location, True),
    "location.scene": Binding(_said("scene"), _part_of_location("scene"), _key("scene"), True),
    "location.assets": Binding(_said("assets"), _part_of_location("assets"), _key("assets"), True),
    "location.footage": Binding(_videos("footage"), _part_of_location("footage"), _key("footage"), True),
    "location.physion": Binding(_videos("physion"), _part_of_location("physion"), _key("physion"), True),
    "data": Binding(_data, _data_place, _data_key, True),
    "cameras": Binding(lambda grid, at: grid.cameras(at.location), _camera, _key("cameras"), True),
    "benchmark": Binding(_benchmark, _location, lambda _, at: at.location, True),
    "lab": Binding(_lab, _location, lambda _, at: at.location, True),
    "hidden_site": Binding(_site, _location, lambda grid, at: at.location if _site(grid, at) is not None else None, True),
    "site": Binding(_hidden, _location, lambda _, at: at.location, True),
    "recordable": Binding(_recordable, _location, lambda _, at: at.location, True),
    "task": Binding(_task, lambda asked: ("task", str(asked.node.scope.task), asked.inside), lambda _, at: at.task),
    "robot": Binding(_robot, _below("robot")),
    "approach.policy": Binding(_policy, _policy_place, lambda _, at: at.approach),
    "approach.policy.fps": _crossing("fps"),
    "approach.policy.cameras": _crossing("cameras"),
    "gate": Binding(
        lambda grid, at: _part(GateRule, grid.project.gates[str(at.gate)]),
        lambda asked: ("gate", str(asked.node.scope.gate), asked.inside),
        lambda _, at: at.gate,
    ),
    "claim": Binding(
        lambda grid, at: grid.study.claims[str(at.claim)],
        lambda asked: ("study", asked.study, ("claims", str(asked.node.scope.claim), *asked.inside)),
        lambda _, at: at.claim,
    ),
    "seed": Binding(Grid.seed, _seeds, Grid.seed),
    "domain": Binding(_domain, _trials, _domain),
    "trials": Binding(lambda grid, at: grid.study.trials[at.domain], _trials, _domain),  # ty: ignore[invalid-argument-type]
    "study": Binding(lambda grid, _: grid.frame, _below()),
    "cells": Binding(lambda grid, _: grid.cells),
    "claims": Binding(lambda grid, _: list(grid.study.claims), _below("claims")),
    "waivers": Binding(lambda grid, _: grid.study.waivers, _below("waivers")),
    "priors": Binding(lambda grid, _: {a: _prior(grid, a) for a in grid.study.approaches}, _priors),
    "fixed_policies": Binding(lambda grid, _: fixed_policies(grid.project, grid.study), "approaches"),
    "clean_of": Binding(lambda grid, _: clean_twins(grid.project, grid.frame.id), "approaches"),
    "placebos": Binding(lambda grid, _: counted_placebos(grid.project, grid.frame.id), "approaches"),
    "baseline": Binding(lambda grid, _: grid.study.baseline, "baseline"),
    "imported": Binding(lambda grid, _: _sets(grid, grid.study.imported)),
    "repeated": Binding(lambda grid, _: _sets(grid, grid.study.repeated)),
    "audit": Binding(lambda grid, _: audited(grid.project.root, grid.frame.id)),
    "preferences": Binding(lambda grid, _: preferred(grid.project.root, grid.frame.id)),
    "exploited": Binding(_exploited, _below("gates")),
    "required": Binding(_required, _below("claims"), lambda _, at: at.claim),
    "judged": Binding(lambda grid, at: grid.judged.get(str(at.gate), [])),
    "stopped": Binding(_stopped),
    "unrecorded": Binding(lambda grid, _: grid.identities.ignoring),
    "snapshots": Binding(lambda grid, _: grid.study.learning.at if grid.study.learning else [], _below("learning", "at")),
    "learning_trials": Binding(
        lambda grid, _: grid.study.learning.trials if grid.study.learning else 1, _below("learning", "trials")
    ),
    "gap_trials": Binding(lambda grid, _: (grid.study.gap_factors or GapFactors()).trials, _below("gap_factors", "trials")),
    "gap_orders": Binding(lambda grid, _: (grid.study.gap_factors or GapFactors()).orders, _below("gap_factors", "orders")),
    "states": Binding(_states, _states_place, _states),
    "gap_levels": Binding(_gap_levels, _below("conditions", "gap"), _gap_levels),
    "schedule": Binding(lambda grid, at: grid.schedules[at.domain], "sequential", _domain),  # ty: ignore[invalid-argument-type]
    "schedules": Binding(lambda grid, _: {d: found for d, found in grid.schedules.items() if found is not None}, "sequential"),
    "look": Binding(lambda _, at: at.look or 1, "sequential", lambda _, at: at.look),
    "interim_places": Binding(_interim_places, "sequential"),
    "parts": Binding(
        lambda grid, _: [len(grid.looks(cell.domain)) for cell in listed(grid.cells)] if grid.study.sequential else [],
        "sequential",
    ),
    "arm": Binding(_arm, "approaches", _arm),
    "peers": Binding(
        lambda grid, at: [f"{one.approach}/{one.seed}" for one in grid.peers(at)],
        "approaches",
        lambda grid, at: tuple(one.only(("approach", "seed")) for one in grid.peers(at)),
    ),
}
"""Bound source -> its entry."""
