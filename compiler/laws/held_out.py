"""What is held out stays out of training."""

from collections.abc import Iterator

from compiler.diagnostics.diagnostic import Diagnostic, Note
from compiler.graph.node import Graph
from compiler.laws.subject import Subject
from compiler.spec.study import HELD_OUT


def empty_set(subject: Subject, name: str, graph: Graph) -> Iterator[Diagnostic]:
    """X445: a stage stands for a set of locations that the study does not name, or of which all are held out."""
    study = subject.project.studies[name]
    for which in dict.fromkeys(node.scope.set for node in graph.samples if node.scope.set is not None):
        places = [x for x in study.sets.get(which, ()) if x not in study.sets.get(HELD_OUT, ())]
        if not places:
            asker = next(node.label for node in graph.samples if node.scope.set == which)
            why = "all of which is held out" if which in study.sets else "which the study does not name"
            message = f"`{asker}` stands for the set `{which}`, {why}"
            fix = f"name its locations: `sets: {{{which}: [...]}}`"
            yield subject.at("study", name, ("sets", which) if which in study.sets else (), "X445", message, fix)


def held_out(subject: Subject) -> Iterator[Diagnostic]:
    """X418: policies of a study are trained on demos of its tasks at its locations, so none may be held out; nor may a place
    of a set that trains."""
    for name, study in subject.studies():
        for which, listed in study.sets.items():
            for i, place in enumerate(listed if which != HELD_OUT else ()):
                own = place in subject.project.locations and subject.project.locations[place].held_out
                if own or place in study.sets.get(HELD_OUT, ()):
                    message = f"location `{place}` is held out, but stands in the set `{which}`, which trains"
                    kind, spec, path = ("location", place, ("held_out",)) if own else ("study", name, ("sets", HELD_OUT))
                    fix = f"take it out of `{which}`, or do not hold it out"
                    notes = (Note("it is held out here", subject.span(kind, spec, path)),)
                    yield subject.at("study", name, ("sets", which, i), "X418", message, fix, notes=notes)
        if not study.approaches:
            continue
        for kind, field in (("task", "tasks"), ("location", "locations")):
            specs = subject.project.specs(kind)
            for i, listed in enumerate(getattr(study, field)):
                if listed in specs and specs[listed].held_out:
                    where = "on its demos" if kind == "task" else "there"
                    message = f"{kind} `{listed}` is held out, but the study trains policies {where}"
                    notes = (Note("it is held out here", subject.span(kind, listed, ("held_out",))),)
                    fix = f"take it out of `{field}`, or drop `held_out` from the {kind}"
                    yield subject.at("study", name, (field, i), "X418", message, fix, notes=notes)
