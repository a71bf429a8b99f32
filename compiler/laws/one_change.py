"""A comparison changes one thing: what differs from the baseline is declared, and compute is held equal."""

import json
import shlex
from collections.abc import Callable, Iterator

from compiler.diagnostics.diagnostic import Diagnostic, did_you_mean, meant
from compiler.laws.subject import Subject
from compiler.project.differences import OF_APPROACH, OFFSET, Difference, Knob, differences, stated
from compiler.shape.sections import unknown_stage
from runtime.bound.claim import Superior
from runtime.stage import load_stages


def compared(subject: Subject) -> Iterator[tuple[str, str, str]]:
    """Study, approach and baseline of every comparison that can be looked into; what holds of a control, its approach says."""
    for name, study in subject.studies():
        base = study.baseline
        for approach in dict.fromkeys(a for a in study.approaches if a not in subject.project.arms):
            if base is not None and approach != base and subject.in_shape(base) and subject.in_shape(approach):
                yield name, approach, base


def undeclared_difference(subject: Subject) -> Iterator[Diagnostic]:
    """X419: an approach differs from the baseline in a knob that it does not declare."""
    told: set[tuple[str, str]] = set()
    for study, approach, base in compared(subject):
        if (approach, base) in told:
            continue
        told.add((approach, base))
        declares = _declares(subject, approach, base)
        for difference in differences(subject.project, study, approach, base):
            if not declares(difference.knob):
                yield _undeclared(subject, approach, base, difference)


def unknown_change(subject: Subject) -> Iterator[Diagnostic]:
    """R204 and R205: `changes` names a stage, parameter or port that does not exist."""
    stages = load_stages()
    for name in subject.used("approach"):
        for i, change in enumerate(subject.project.approaches[name].changes or ()):
            stage, _, knob = change.partition(".")
            if stage in OF_APPROACH and not knob:
                continue
            if stage not in stages:
                yield unknown_stage(stage, subject.project.source("approach", name), ("changes", i), key=False)
                continue
            ports = [port.name for port in stages[stage].ports]
            known = [*(f for f in stages[stage].params.model_fields if f not in stages[stage].bound), *ports]
            if knob and knob not in known:
                message = f"`{stage}` has no parameter and no port `{knob}`"
                help = did_you_mean(knob, known, "parameters and ports")
                whole = meant(change, [f"{stage}.{k}" for k in known])
                yield subject.at("approach", name, ("changes", i), "R205", message, help, fix=whole)


def matched_budget(subject: Subject) -> Iterator[Diagnostic]:
    """X433: an approach spends more than the baseline besides what it changes, and no approach controls for that."""
    for study, approach, base in compared(subject):
        if _claimed(subject, study, approach, base):
            continue  # X431 says so, at the claim
        more = confounding_budget(subject, study, approach, base)
        if more and not has_control(subject, study, approach, base):
            place = subject.project.studies[study].approaches.index(approach)
            named = ", ".join(f"`{d.name}` ({_shown(d.treated.value)}, not {_shown(d.base.value)})" for d in more)
            message = f"approach `{approach}` spends more than the baseline, in {named}, and the study has no control for it"
            notes = tuple(
                subject.note(f"`{d.name}` is set here", "approach", d.treated.by, d.treated.path)
                for d in more
                if d.treated.by is not None
            )
            help = control_help(study, approach, base, more)
            yield subject.at("study", study, ("approaches", place), "X433", message, help, notes=notes)


def _claimed(subject: Subject, study: str, approach: str, base: str) -> bool:
    simple = (claim for _, _, claim in subject.project.studies[study].simple_claims())
    claims = [c for c in simple if isinstance(c, Superior)]
    return any(c.approach == approach and (c.over or base) == base for c in claims)


def confounding_budget(subject: Subject, study: str, approach: str, base: str) -> list[Difference]:
    """Budgets of which the approach has more, where that is not all that it changes."""
    found = [d for d in differences(subject.project, study, approach, base) if d.knob != (OFFSET,)]
    more = [d for d in found if d.spends_more]
    return more if any(d.budget is None for d in found) else []


def is_matched_control(subject: Subject, study: str, control: str, approach: str, base: str) -> bool:
    """Whether `control` is the baseline with the approach's budget, and nothing else of it."""
    treated = differences(subject.project, study, approach, base)
    budgets = {d.knob for d in treated if d.budget is not None}
    own = {d.knob for d in differences(subject.project, study, control, base)} - {(OFFSET,)}
    return own == budgets and not budgets & {d.knob for d in differences(subject.project, study, control, approach)}


def has_control(subject: Subject, study: str, approach: str, base: str) -> bool:
    """Whether another approach of the study is the approach's matched control."""
    others = [a for a in subject.project.studies[study].approaches if a != approach and subject.in_shape(a)]
    return any(is_matched_control(subject, study, other, approach, base) for other in others)


def control_help(study: str, approach: str, base: str, more: list[Difference]) -> str:
    """The command that makes the control and lists it; quoted, because values come from a spec."""
    settings = [f"--set {shlex.quote(f'{d.name}={json.dumps(d.treated.value)}')}" for d in more]
    words = ["simkiln new approach", f"{approach[:56]}-budget", "--extends", base, *settings, "--add-to", study]
    return f"make its control with `{' '.join(words)} --defaults`, or give the baseline the same budget"


def _declares(subject: Subject, approach: str, base: str) -> Callable[[Knob], bool]:
    """Tells whether the approach says that it changes a knob: under `changes`, else in the files between it and base,
    whichever of the two extends the other (an ablation is extended by its baseline)."""
    changes = subject.project.approaches[approach].changes
    if changes is not None:
        said = set(changes)
        return lambda knob: knob[0] in said or ".".join(knob) in said
    down, up = subject.chain(approach), subject.chain(base)
    files = down[: down.index(base)] if base in down else up[: up.index(approach)] if approach in up else [approach]
    return {knob for name in files for knob in stated(subject.project, name)}.__contains__


def _undeclared(subject: Subject, approach: str, base: str, difference: Difference) -> Diagnostic:
    ours, theirs = difference.treated, difference.base
    message = (
        f"approach `{approach}` differs from the baseline `{base}` in `{difference.name}` "
        f"({_shown(ours.value)}, not {_shown(theirs.value)}), which it does not declare"
    )
    setter = ours if ours.by is not None else theirs
    notes = ()
    if ours.by is not None and theirs.by is not None:
        notes = (subject.note("the baseline has it from here", "approach", theirs.by, theirs.path),)
    elif ours.by is None:
        notes = (subject.note(f"`{approach}` leaves it at its default", "approach", approach, ()),)
    declared = subject.project.approaches[approach].changes
    if declared is not None:
        notes += (subject.note("it declares these changes", "approach", approach, ("changes",)),)
        help = f"add `{difference.name}` to `changes`, or take the difference out"
    else:
        help = f"let `{approach}` extend `{base}`, or declare the difference under `changes`"
    return subject.at("approach", str(setter.by), setter.path, "X419", message, help, notes=notes)


def _shown(value: object) -> str:
    text = "nothing" if value is None else value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 40 else text[:39] + "…"
