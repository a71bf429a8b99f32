"""Whose word counts for a stage's parameter: study, location, task, the approach's chain; the later one wins."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from compiler.project.project import Project
from compiler.reading.source import Spans
from compiler.spec.study import Study
from runtime.bound.checkpoint import LeRobotPolicy
from runtime.bound.footage import SECTIONS
from runtime.stage import Port, Stage, load_stages, providers

BROUGHT = "approach.policy"
"""What is bound by the stage whose policy an approach brings."""


@dataclass(frozen=True)
class Layer:
    """The `stages:` and `inputs:` sections of one spec, with where each value stands."""

    kind: str
    id: str
    stages: Mapping[str, Mapping[str, JsonValue]]
    inputs: Mapping[str, Mapping[str, str]]
    spans: Spans


def approach_chain(project: Project, name: str) -> list[str]:
    """Ids from the root of `extends` to `name`. A cycle ends the walk; `check` reports it."""
    chain: list[str] = []
    current: str | None = name
    while current is not None and current in project.approaches and current not in chain:
        chain.append(current)
        current = project.approaches[current].extends
    return chain[::-1]


def training_seed_offset(project: Project, name: str) -> int:
    """The offset of the approach, or the nearest one that it inherits."""
    for approach in reversed(approach_chain(project, name)):
        offset = project.approaches[approach].training_seed_offset
        if offset is not None:
            return offset
    return 0


def approach_rounds(project: Project, name: str) -> int | None:
    """How many rounds the approach, or the nearest one that it inherits, has; None where there is one."""
    given = [project.approaches[approach].rounds for approach in reversed(approach_chain(project, name))]
    rounds = next((found for found in given if found is not None), 1)
    return rounds if rounds > 1 else None


def approach_policy(project: Project, name: str) -> tuple[str, LeRobotPolicy] | None:
    """The checkpoint that the approach, or the nearest one that it inherits, brings, and who says so; None where one is made."""
    for approach in reversed(approach_chain(project, name)):
        if (found := project.approaches[approach].policy) is not None:
            return approach, found
    return None


def wired(project: Project, approach: str | None, stage: Stage, port: Port) -> str | None:
    """The stage that an approach's chain names for a port, by `inputs` or `policy`; None where it leaves the usual one."""
    chosen, stages = None, load_stages()
    for name in approach_chain(project, approach) if approach else ():
        if port.kind == "policy" and port.whose == "own" and project.approaches[name].policy is not None:
            chosen = next(s.name for s in stages.values() if BROUGHT in s.bound.values())
        chosen = project.approaches[name].inputs.get(stage.name, {}).get(port.name, chosen)
    return chosen


def read_for(project: Project, study: str, approach: str, itself: bool = False) -> set[str]:
    """Names of the stages that an approach's trials in a study read from, and of those that make the trials; with `itself`, of
    what it makes for itself: not what all are judged by, which is the baseline's."""
    return _above(project, approach, _trying(project, study), itself)


def made_from(project: Project, study: str, approach: str) -> set[str]:
    """Names of the stages that an approach's policies are made by and from."""
    stages, found = load_stages(), set[str]()
    for stage in _trying(project, study):
        for port in (port for port in stage.ports if port.kind == "policy"):
            name = wired(project, approach, stage, port) or next(iter(providers(port.kind)), None)
            found |= _above(project, approach, [stages[name]]) if name in stages else set()
    return found


def _trying(project: Project, study: str) -> list[Stage]:
    tried = project.studies[study].trials
    return [stage for stage in load_stages().values() if stage.role == "trials" and set(stage.domains) & set(tried)]


def _above(project: Project, approach: str, waiting: list[Stage], itself: bool = False) -> set[str]:
    """Names of these stages and of all that they read from; with `itself`, not from what is the baseline's."""
    stages, found = load_stages(), set[str]()
    while waiting:
        stage = waiting.pop()
        if stage.name not in found:
            found.add(stage.name)
            usual = {port.name: None if port.optional else next(iter(providers(port.kind)), None) for port in stage.ports}
            ports = [port for port in stage.ports if not (itself and port.whose == "baseline")]
            named = (wired(project, approach, stage, port) or usual[port.name] for port in ports)
            waiting += [stages[name] for name in named if name in stages]
    return found


def fixed_policies(project: Project, study: Study) -> list[str]:
    """Approaches of a study whose trials try one policy whatever the seed, so that they know nothing of training runs."""
    stages = load_stages()
    ports = [(s, port) for s in stages.values() if s.role == "trials" for port in s.ports if port.kind == "policy"]

    def is_fixed(approach: str) -> bool:
        found = {wired(project, approach, stage, port) for stage, port in ports}
        return all(maker in stages and "seed" not in stages[maker].per for maker in found)

    return [approach for approach in study.approaches if approach in project.approaches and is_fixed(approach)]


def brings(project: Project, study: Study) -> bool:
    """Whether a study's robot, a policy, recorded demos or videos lie below a root: no digest of what plans depend on looks at
    those."""
    specs = [*map(project.locations.get, study.locations), *map(project.tasks.get, study.tasks)]
    data = any(getattr(spec, part, None) is not None for spec in specs for part in ("data", *SECTIONS))
    return data or study.robot is not None or any(approach_policy(project, name) for name in study.approaches)


def layers(project: Project, study: str, location: str | None, task: str | None, approach: str | None) -> Iterator[Layer]:
    """Layers that may set a parameter, weakest first."""
    chain = approach_chain(project, approach) if approach else []
    named = [("study", study), ("location", location), ("task", task), *(("approach", name) for name in chain)]
    for kind, name in named:
        if name is not None:
            yield layer(project, kind, name)


def layer(project: Project, kind: str, name: str) -> Layer:
    """One spec as a layer."""
    spec = project.specs(kind)[name]
    inputs = spec.inputs if kind == "approach" else {}
    return Layer(kind, name, spec.stages, inputs, project.spans(kind, name))
