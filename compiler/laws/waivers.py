"""Waivers and milestones: they speak of what the study judges, and waivers end."""

from collections.abc import Iterator

from compiler.diagnostics.diagnostic import Diagnostic, did_you_mean, same_id
from compiler.laws.subject import Subject


def waiver_without_verdict(subject: Subject) -> Iterator[Diagnostic]:
    """X441: a waiver for a gate or a claim that the study does not have."""
    for name, study in subject.studies():
        for kind, known in (("gate", study.gates), ("claim", list(study.claims))):
            for waived in study.waivers.of(kind):
                if waived not in known:
                    message = f"a waiver speaks of {kind} `{waived}`, which the study does not have"
                    help = did_you_mean(waived, known, f"{kind}s of this study")
                    at = ("waivers", f"{kind}s", waived)
                    yield subject.at("study", name, at, "X441", message, help, key=True, fix=same_id(waived, known))


def waiver_expired(subject: Subject) -> Iterator[Diagnostic]:
    """X442: a waiver whose last day is over."""
    for name, study in subject.studies():
        for kind in ("gate", "claim"):
            for waived, waiver in study.waivers.of(kind).items():
                if waiver.until < subject.today:
                    at = ("waivers", f"{kind}s", waived)
                    owner = subject.note(f"{waiver.owner} answers for it", "study", name, (*at, "owner"))
                    message = f"the waiver of {kind} `{waived}` ended with {waiver.until}; today is {subject.today}"
                    help = "mend what fails and remove the waiver, or give it a later day and say why"
                    yield subject.at("study", name, (*at, "until"), "X442", message, help, notes=(owner,))


def milestone_without_verdict(subject: Subject) -> Iterator[Diagnostic]:
    """X499: a milestone that a gate or a claim decides which the study does not have."""
    for name, study in subject.studies():
        for milestone, said in study.milestones.items():
            kind, judge = said.decided_by
            known = study.gates if kind == "gate" else list(study.claims)
            if judge not in known:
                message = f"milestone `{milestone}` is decided by {kind} `{judge}`, which the study does not have"
                help = did_you_mean(judge, known, f"{kind}s of this study")
                path = ("milestones", milestone, kind)
                yield subject.at("study", name, path, "X499", message, help, fix=same_id(judge, known))
