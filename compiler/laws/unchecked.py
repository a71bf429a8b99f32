"""What only controls may leave out."""

from collections.abc import Iterator

from compiler.diagnostics.diagnostic import Diagnostic
from compiler.laws.subject import Subject
from compiler.project.layers import layer
from runtime.stage import load_stages, marked_fields


def for_controls(subject: Subject) -> Iterator[Diagnostic]:
    """X485: a value that is for controls alone (such as films that failed their checks and are kept), outside of a control."""
    stages = load_stages()
    for name, study in subject.studies():
        whose = [("study", name), *(("task", task) for task in study.tasks), *(("approach", x) for x in study.approaches)]
        whose += [("location", place) for _, place in subject.places(study)]
        for kind, spec in (one for one in whose if one[1] in subject.project.specs(one[0])):
            if kind == "approach" and spec in subject.project.arms:
                continue
            for stage, values in layer(subject.project, kind, spec).stages.items():
                marked = marked_fields(stages[stage].params, "control") if stage in stages else {}
                for field in (x for x, value in values.items() if x in marked and value == marked[x]):
                    said = f"`{field}: {values[field]}` is for controls alone"
                    message = f"{said}: films that failed their visual checks would be learned from"
                    help = "say it under `controls` of the approach, or leave it out"
                    yield subject.at(kind, spec, ("stages", stage, field), "X485", message, help)
