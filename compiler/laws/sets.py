"""What is held out of training: locations in sets, and the starts that trials begin from."""

from collections.abc import Iterator

from compiler.diagnostics.diagnostic import Diagnostic
from compiler.graph.graph import Graph
from compiler.graph.roles import JUDGES
from compiler.laws.subject import Subject
from compiler.spec.study import HELD_OUT


def held_out_of_sets(subject: Subject) -> Iterator[Diagnostic]:
    """X418: a place that is held out stands in a set that trains; a warning where trials run at one that does."""
    for name, study in subject.studies():
        for which, listed in study.sets.items():
            for i, place in enumerate(listed if which != HELD_OUT else ()):
                own = place in subject.project.locations and subject.project.locations[place].held_out
                if own or place in study.sets.get(HELD_OUT, ()):
                    message = f"location `{place}` is held out, but stands in the set `{which}`, which trains"
                    where = ("location", place, ("held_out",)) if own else ("study", name, ("sets", HELD_OUT))
                    notes = (subject.note("it is held out here", *where),)
                    help = f"take it out of `{which}`, or do not hold it out"
                    yield subject.at("study", name, ("sets", which, i), "X418", message, help, notes=notes)
                elif place in study.locations and study.trials:
                    message = f"the study's trials run at `{place}`, which stands in the set `{which}`, which trains"
                    help = f"take it out of `{which}`: what was trained there has seen the place that it is tried at"
                    yield subject.at("study", name, ("sets", which, i), "X418", message, help, severity="warning")


def empty_set(subject: Subject, name: str, graph: Graph) -> Iterator[Diagnostic]:
    """X445: a stage stands for a set of locations that the study does not name, or of which all are held out."""
    study = subject.project.studies[name]
    for which in dict.fromkeys(node.scope.set for node in graph.samples if node.scope.set is not None):
        if not set(study.sets.get(which, ())) - set(study.sets.get(HELD_OUT, ())):
            asker = next(node.label for node in graph.samples if node.scope.set == which)
            held = "all of which is held out" if study.sets.get(which) else "which is empty"
            why = held if which in study.sets else "which the study does not name"
            message = f"`{asker}` stands for the set `{which}`, {why}"
            help = f"name its locations: `sets: {{{which}: [...]}}`"
            yield subject.at("study", name, ("sets", which) if which in study.sets else (), "X445", message, help)


def held_out_starts(subject: Subject, name: str, graph: Graph) -> Iterator[Diagnostic]:
    """X418: a stage that judges nothing reads the conditions that policies are judged under."""
    told: set[str] = set()
    for node in graph.samples:
        read = next((parent for parent in node.parents() if parent.stage.role == "conditions"), None)
        if read is not None and node.stage.role not in JUDGES and node.stage.name not in told:
            told.add(node.stage.name)
            message = f"`{node.label}` would read `{read.stage.name}`, the states that policies are judged from"
            yield subject.at("study", name, (), "X418", message, "let it draw starts of its own, of the split `development`")
