"""The laws that hold across files, all in one pass."""

from collections.abc import Iterator
from datetime import date
from importlib import import_module
from itertools import islice
from pkgutil import iter_modules
from types import FunctionType

from compiler import laws
from compiler.diagnostics.diagnostic import Diagnostic, Span, bounded, did_you_mean, in_order
from compiler.laws import expanded
from compiler.laws.subject import LISTS, Law, Subject, utc_day
from compiler.project.collector import without_gc
from compiler.project.project import LOCAL_FILE, Project
from compiler.reading.spec_files import file_of


def _laws() -> Iterator[Law]:
    """Every function of this folder that takes a subject alone and yields diagnostics, by file and line.

    A new law is one function. Their order shows nowhere: what they find is sorted.
    """
    form = {"subject": Subject, "return": Iterator[Diagnostic]}
    for found in iter_modules(laws.__path__, f"{laws.__name__}."):
        for value in vars(import_module(found.name)).values():
            if isinstance(value, FunctionType) and value.__module__ == found.name and value.__annotations__ == form:
                yield value


LAWS = tuple(_laws())
MOST_OF_A_LAW = 1000
"""Problems that one law may name; who has more mends these first."""


def check(project: Project, study: str | None = None, today: date | None = None) -> list[Diagnostic]:
    """Everything that is wrong, by file and line.

    Args:
        project: the specs as loaded; what loading found is part of the answer.
        study: look only at this study and what it uses. Then a capture root that is not set and a back
            end that is not installed are errors, else warnings.
        today: the day that waivers are held against; absent, the day that it is in UTC.
    """
    if study is not None and study not in project.ids("study"):
        if nowhere := [d for d in project.diagnostics if d.code == "Y115"]:
            return nowhere
        help = did_you_mean(study, project.ids("study"), "studies")
        unknown = Diagnostic("R201", f"unknown study `{study}`", Span(file_of("study", study)), help=help)
        return [*_of_studies(project), unknown]
    subject = Subject(project, study, today or utc_day())
    found = list(project.diagnostics)
    for law in LAWS:
        found += islice(law(subject), MOST_OF_A_LAW)
    used = files_of(subject) if study is not None else set()
    found = in_order(d for d in found if study is None or d.span.file in used)
    wrong = {d.span.file for d in found if d.severity == "error"}
    for name, _ in subject.studies():
        if not wrong or wrong.isdisjoint(files_of(Subject(project, name))):
            with without_gc():
                found += expanded.expanded(subject, name)
    return bounded(found)


def files_of(subject: Subject) -> set[str]:
    """The files that one study uses, and this machine's own."""
    project, name = subject.project, subject.only
    assert name is not None
    used = {("study", name)} | {(kind, name) for kind in LISTS.values() for name in subject.named(kind)}
    used -= (
        {("location", place) for place in project.studies[name].locations if place in subject.settled}
        if name in project.studies
        else set()
    )
    return {project.sources[key].name for key in used if key in project.sources} | {LOCAL_FILE}


def _of_studies(project: Project) -> list[Diagnostic]:
    """What is wrong with studies' files themselves, which may be why one is unknown."""
    return in_order(d for d in project.diagnostics if d.span.file.startswith(("specs/stud", LOCAL_FILE)))
