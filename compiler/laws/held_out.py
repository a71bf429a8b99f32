"""What is held out stays out of training."""

from collections.abc import Iterator

from compiler.diagnostics.diagnostic import Diagnostic, Note
from compiler.laws.subject import Subject


def held_out(subject: Subject) -> Iterator[Diagnostic]:
    """X418: policies of a study are trained on demos of its tasks at its locations, so none may be held out."""
    for name, study in subject.studies():
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
