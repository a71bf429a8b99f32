"""Gates and claims that the planned trials cannot decide, with what would."""

from collections.abc import Iterator

from compiler.diagnostics.diagnostic import Diagnostic, Note
from compiler.laws.power.questions import Question, prior_of, questions, states_limit, ways
from compiler.laws.power.spreads import expected
from compiler.laws.subject import Subject
from compiler.reading.source import SpanPath


def unresolved(subject: Subject) -> Iterator[Diagnostic]:
    """X420: a gate or claim that no outcome of the planned trials could fulfil (an error), or that would most likely
    stay undecided even if the prior's most favourable value were true (a warning)."""
    for name, _ in subject.studies():
        for question in questions(subject.project, name):
            if question.hopeless:
                yield _hopeless(subject, name, question)
            elif question.unlikely:
                yield _unlikely(subject, name, question)


def _hopeless(subject: Subject, study: str, question: Question) -> Diagnostic:
    band = question.narrowest
    message = (
        f"{question.kind} `{question.name}` cannot hold with the planned trials: the best outcome there is "
        f"gives a band of {band.low:.1f} to {band.high:.1f} points, and it wants {question.wanted}"
    )
    more = ways(subject.project, study, question)
    help = f"plan {more}, or ask for less" if more else "ask for less"
    return subject.at(*_asked(subject, study, question), "X420", message, help, key=True, notes=_threshold(subject, question))


def _unlikely(subject: Subject, study: str, question: Question) -> Diagnostic:
    assert question.distance is not None
    where = (
        f"the most that the prior of `{question.prior}` expects lies {question.distance:g} points from the threshold"
        if question.prior
        else f"the margin is {question.distance:g} points"
    )
    message = (
        f"{question.kind} `{question.name}` will most likely stay undecided: bands will be about "
        f"±{min(question.design.half_width, 100):.0f} points, and {where}"
    )
    notes = [*_threshold(subject, question)]
    prior = prior_of(subject.project, question.prior, question.domain) if question.prior else None
    if prior is not None:
        span = subject.span("approach", str(question.prior), ("row", "prior", prior[1]))
        notes.append(Note("the prior is here", span))
    notes.append(Note(expected(subject.project, subject.project.studies[study], (question.domain,)).words))
    if limit := states_limit(question):
        notes.append(Note(limit))
    more = ways(subject.project, study, question)
    help = f"{more} would decide it four times in five" if more else "nothing within reach would decide it; ask for less"
    where = _asked(subject, study, question)
    return subject.at(*where, "X420", message, help, key=True, notes=tuple(notes), severity="warning")


def _asked(subject: Subject, study: str, question: Question) -> tuple[str, str, SpanPath]:
    """Kind and id of a spec, and where in it the question is asked: a claim over a control, where that is declared."""
    if question.kind == "claim" and question.name in subject.project.arms:
        return "approach", question.name, ()
    return "study", study, question.path


def _threshold(subject: Subject, question: Question) -> tuple[Note, ...]:
    if question.kind != "gate":
        return ()
    return (subject.note("the threshold is here", "gate", question.name, ("threshold",)),)
