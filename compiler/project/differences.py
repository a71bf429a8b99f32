"""How two approaches differ: every parameter, input and seed offset, with its values and where they stand."""

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic_core import PydanticUndefined, to_jsonable_python

from compiler.project.layers import approach_chain, approach_policy, made_from, read_for, training_seed_offset
from compiler.project.project import Project
from compiler.reading.source import SpanPath
from runtime.stage import load_stages, marked_fields, providers

OFFSET = "training_seed_offset"
OF_APPROACH = {OFFSET: 0, "rounds": 1, "policy": None}
"""Knobs of no stage, with what they are where an approach says nothing."""

Knob = tuple[str, ...]
"""(stage, parameter), (stage, port), or one of `OF_APPROACH`."""


@dataclass(frozen=True)
class KnobValue:
    """A knob as an approach has it: set by the spec `by` (an approach) at `path`, or a default, where `by` is None."""

    value: object
    by: str | None = None
    path: SpanPath = ()


@dataclass(frozen=True)
class Difference:
    """One knob that two approaches set differently. `budget` marks more compute, data or capacity; see `Stage`."""

    knob: Knob
    treated: KnobValue
    base: KnobValue

    @property
    def name(self) -> str:
        """The knob as people write it, such as `policy.steps`."""
        return ".".join(self.knob)

    @property
    def budget(self) -> str | None:
        """What the knob spends (`steps`, `demos`, `capacity`), None for any other knob."""
        stage = load_stages().get(self.knob[0])
        return marked_fields(stage.params, "budget").get(self.knob[-1]) if stage and len(self.knob) == 2 else None

    @property
    def spends_more(self) -> bool:
        """Whether the treatment has more of a budget; where that cannot be told, a different one counts as more."""
        if self.budget is None:
            return False
        ours, theirs = self.treated.value, self.base.value
        return ours > theirs if isinstance(ours, int | float) and isinstance(theirs, int | float) else True


def differences(project: Project, study: str, treated: str, base: str) -> list[Difference]:
    """Knobs on which two approaches of a study differ, in the order of stages; empty when they are the same.

    What neither sets is the same by construction. What only one sets is held against what the other has instead: a
    value of a location or task of the study, the study's own, or the default. Where one of the two brings its policy, what
    the other's training alone reads is no difference of its own: it is that of `policy`. Nor is one in what both are judged
    by and neither makes for itself: that is the baseline's for both. Nor is one in what no trial of the study reads.
    """
    ours, theirs = _settings(project, treated), _settings(project, base)
    knobs = ours.keys() | theirs.keys()
    if approach_policy(project, treated) != approach_policy(project, base):
        both = read_for(project, study, treated) & read_for(project, study, base)
        knobs = {knob for knob in knobs if len(knob) == 1 or knob[0] in both or knob[0] not in load_stages()}
    judged, made = (
        set().union(*(read_for(project, study, approach, itself) for approach in (treated, base))) for itself in (False, True)
    )
    none = load_stages().keys() - judged if judged else set()  # which no trial of either reads
    found = []
    for knob in sorted(knob for knob in knobs if len(knob) == 1 or knob[0] not in judged - made | none):
        default = _default(project, study, knob)
        one, other = ours.get(knob), theirs.get(knob)
        if one is None or other is None:
            instead = _of_some_place(project, study, knob, (one or other or default).value) or default
            one, other = one or instead, other or instead
        if one.value != other.value:
            found.append(Difference(knob, one, other))
    return found


def counted_placebos(project: Project, study: str) -> list[str]:
    """Approaches of a study that are the baseline trained with other seeds, where it says that they count as it (`placebos:
    reference`); none whose runs are those of the baseline or of another one."""
    spec = project.studies[study]
    if spec.placebos != "reference" or spec.baseline not in project.approaches:
        return []
    taken = {s + training_seed_offset(project, spec.baseline) for s in spec.seeds_of(spec.baseline)}
    found = []
    for approach in dict.fromkeys(spec.approaches):
        if approach in project.approaches and [d.knob for d in differences(project, study, approach, spec.baseline)] == [
            (OFFSET,)
        ]:
            own = {s + training_seed_offset(project, approach) for s in spec.seeds_of(approach)}
            found += [] if own & taken else [approach]
            taken |= own
    return found


def clean_twins(project: Project, study: str) -> dict[str, str]:
    """Approach -> the one that it perturbs: the nearest of the study that it extends, where both are the very same policies and
    differ in what these meet when they are tried."""
    spec, found = project.studies[study], dict[str, str]()
    for approach in dict.fromkeys(spec.approaches):
        if approach not in project.approaches:
            continue
        for clean in approach_chain(project, approach)[-2::-1]:
            if clean in spec.approaches and clean in project.approaches:
                changed = differences(project, study, approach, clean)
                made = made_from(project, study, approach) | made_from(project, study, clean)
                if changed and all(len(d.knob) == 2 and d.knob[0] not in made and d.knob[1] != "policy" for d in changed):
                    found[approach] = clean
                break
    return found


def stated(project: Project, approach: str) -> set[Knob]:
    """Knobs that the approach's own file sets."""
    return {knob for knob, _ in _own(project, approach)}


def _settings(project: Project, approach: str) -> dict[Knob, KnobValue]:
    return {knob: setting for link in approach_chain(project, approach) for knob, setting in _own(project, link)}


def _own(project: Project, approach: str) -> Iterator[tuple[Knob, KnobValue]]:
    spec = project.approaches[approach]
    for section, content in (("stages", spec.stages), ("inputs", spec.inputs)):
        for stage, values in content.items():
            for name, value in values.items():
                yield (stage, name), KnobValue(value, approach, (section, stage, name))
    for name in OF_APPROACH:
        if (value := getattr(spec, name)) is not None:
            yield (name,), KnobValue(to_jsonable_python(value), approach, (name,))


def _of_some_place(project: Project, study: str, knob: Knob, value: object) -> KnobValue | None:
    """Another value than `value` that a location or task of the study sets, where approaches say nothing."""
    spec = project.studies[study]
    if len(knob) != 2:
        return None
    for specs, listed in ((project.tasks, spec.tasks), (project.locations, spec.locations)):
        for name in listed:
            if name in project.settled.get(study, ()):
                continue  # others that set the same are looked at
            section = specs[name].stages.get(knob[0]) if name in specs else None
            if section and section.get(knob[1], value) != value:
                return KnobValue(section[knob[1]])
    return None


def _default(project: Project, study: str, knob: Knob) -> KnobValue:
    """What holds where no approach says anything: the study's value, the stage's, or the usual provider."""
    if len(knob) == 1:
        return KnobValue(OF_APPROACH[knob[0]])
    stage = load_stages().get(knob[0])
    if stage is None:
        return KnobValue(None)
    port = stage.port(knob[1])
    if port is not None:
        return KnobValue(None if port.optional else next(iter(providers(port.kind)), None))
    sections = project.studies[study].stages
    if knob[1] in sections.get(knob[0], {}):
        return KnobValue(sections[knob[0]][knob[1]])
    field = stage.params.model_fields.get(knob[1])
    value = field.get_default(call_default_factory=True) if field is not None else None
    return KnobValue(None if value is PydanticUndefined else to_jsonable_python(value))
