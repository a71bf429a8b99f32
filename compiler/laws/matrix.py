"""The decision matrix: what rows say about availability, constraints and expected uplift."""

from collections.abc import Iterator

from compiler.diagnostics.diagnostic import Diagnostic, Note
from compiler.laws.power.questions import prior_of
from compiler.laws.subject import Subject
from compiler.spec.study import Study
from runtime.bound.gate import GateRule

STALE_DAYS = 180
NEEDS = {"no_new_real_data": "new real data", "no_teleoperation": "teleoperation"}


def constraints(subject: Subject) -> Iterator[Diagnostic]:
    """X404: an approach that the study rules out; the reason is in its row."""
    for name, study, at, approach, spec in subject.approaches():
        for rule, needed in NEEDS.items():
            if getattr(study.constraints, rule) and not getattr(spec.row, rule):
                message = f"approach `{approach}` needs {needed}, which this study rules out"
                here = subject.note("the constraint is here", "study", name, ("constraints", rule))
                help = f"take `{approach}` out of the study, or lift `{rule}`"
                yield subject.at("study", name, at, "X404", message, help, notes=(*_row(subject, approach, rule), here))


def availability(subject: Subject) -> Iterator[Diagnostic]:
    """X405: an approach that cannot be had; the reason is in its row."""
    for name, _, at, approach, spec in subject.approaches():
        if not spec.row.available:
            how = "not available" if spec.row.state == "built" else spec.row.state
            message, help = f"approach `{approach}` is {how}", f"take `{approach}` out of the study"
            yield subject.at("study", name, at, "X405", message, help, notes=_row(subject, approach, "available"))


def stale_facts(subject: Subject) -> Iterator[Diagnostic]:
    """X480: a row whose facts about others' code were looked up long ago, or will be."""
    for name in subject.used("approach"):
        day = subject.project.approaches[name].row.verified
        if day is None or 0 <= (age := (subject.today - day).days) <= STALE_DAYS:
            continue
        when = f"more than {STALE_DAYS} days ago" if age > 0 else "a day that is yet to come"
        message = f"what the row of `{name}` says of others' code was looked up on {day}, {when}"
        help = "look at its repository and licence again, and set `verified` to that day"
        yield subject.at("approach", name, ("row", "verified"), "X480", message, help, severity="warning")


def one_at_a_time(subject: Subject) -> Iterator[Diagnostic]:
    """X514: approaches of two stacks that others made, in one study."""
    first: dict[str, str] = {}
    for name, _, at, approach, spec in subject.approaches():
        other = first.setdefault(name, approach) if spec.row.repository else approach
        if spec.row.repository and spec.row.repository != subject.project.approaches[other].row.repository:
            message = f"`{approach}` brings in a stack of others, and so does `{other}`"
            help = "bring in one at a time, each in a study of its own that goes on from the one before (`incremental_over`)"
            notes = _row(subject, approach, "repository")
            yield subject.at("study", name, at, "X514", message, help, severity="warning", notes=notes)


def prior_range(subject: Subject) -> Iterator[Diagnostic]:
    """X406: a prior range whose low end is above its high end."""
    for name in subject.used("approach"):
        prior = subject.project.approaches[name].row.prior
        for where in ("world_model", "irl"):
            ends = getattr(prior, where)
            if ends is not None and ends[0] > ends[1]:
                message = f"prior range `{where}` is upside down: {ends[0]:g} is above {ends[1]:g}"
                help = f"write `[{ends[1]:g}, {ends[0]:g}]`"
                yield subject.at("approach", name, ("row", "prior", where), "X406", message, help)


def target_outside_priors(subject: Subject) -> Iterator[Diagnostic]:
    """X432: a target uplift, or a gate's threshold, that no prior of the study reaches."""
    for name, study in subject.studies():
        for where in ("world_model", "irl"):
            wanted = getattr(study.target_uplift, where)
            priors = {a: ends for a, ends in _priors(subject, study, where).items() if ends[0] <= ends[1]}
            if wanted is None or any(high >= wanted for _, high in priors.values()):
                continue
            best = max(priors, key=lambda a: priors[a][1], default=None)
            if best is None:
                message = f"target uplift `{where}` of {wanted:g} points, but no approach of the study has a prior for it"
                notes, help = (), f"give an approach a `row.prior.{where}`, or drop the target"
            else:
                top = priors[best][1]
                message = f"target uplift `{where}` of {wanted:g} points is above every prior; the highest ends at {top:g}"
                notes = (subject.note(f"that of `{best}`", "approach", best, ("row", "prior", where)),)
                help = f"lower the target to {top:g}, or add an approach that is expected to reach it"
            yield subject.at("study", name, ("target_uplift", where), "X432", message, help, notes=notes, severity="warning")
        for i, gate in enumerate(study.gates):
            rule = subject.project.gates.get(gate)
            if rule is not None and rule.approach in study.approaches:
                yield from _gate_outside(subject, (name, i), gate, rule)


def _gate_outside(subject: Subject, listed: tuple[str, int], gate: str, rule: GateRule) -> Iterator[Diagnostic]:
    if rule.metric != "uplift" or rule.approach is None or rule.domain is None:
        return
    found = prior_of(subject.project, rule.approach, rule.domain)
    if found is None or isinstance(rule.threshold, tuple) or rule.comparator not in ("at_least", "above"):
        return
    (_, top), where = found
    if rule.threshold > top:
        message = f"gate `{gate}` asks for {rule.threshold:g} points, but the prior of `{rule.approach}` ends at {top:g}"
        notes = (
            subject.note("the threshold is here", "gate", gate, ("threshold",)),
            subject.note("the prior is here", "approach", rule.approach, ("row", "prior", where)),
        )
        help = f"ask for {top:g} points at most, or widen the prior if there is a reason to"
        study, place = listed
        yield subject.at("study", study, ("gates", place), "X432", message, help, notes=notes, severity="warning")


def _priors(subject: Subject, study: Study, where: str) -> dict[str, tuple[float, float]]:
    rows = {a: subject.project.approaches[a].row for a in study.approaches if a in subject.project.approaches}
    return {a: ends for a, row in rows.items() if (ends := getattr(row.prior, where)) is not None}


def _row(subject: Subject, approach: str, field: str) -> tuple[Note, ...]:
    """Where an approach's row says something, and why."""
    notes = (subject.note("its row says so", "approach", approach, ("row", field)),)
    reason = subject.project.approaches[approach].row.reason
    return (*notes, subject.note(reason, "approach", approach, ("row", "reason"))) if reason else notes
