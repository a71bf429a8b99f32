"""Claims of a study: what they compare is there, other explanations are ruled out, the evidence carries them."""

from collections.abc import Iterator

from compiler.diagnostics.diagnostic import Diagnostic, Note, did_you_mean, same_id
from compiler.laws.backends import known
from compiler.laws.gates import lacking
from compiler.laws.imported import domains, way_to
from compiler.laws.one_change import confounding_budget, control_help, has_control
from compiler.laws.subject import Subject
from compiler.project.differences import OFFSET, differences
from compiler.project.layers import fixed_policies
from compiler.reading.source import SpanPath
from compiler.spec.study import Study
from runtime.backend import DEFAULTS
from runtime.bound.claim import Alike, Composed, Ordered, Simple, Superior, comparisons
from runtime.bound.domain import carrying
from runtime.bound.gate import TRIAL_METRICS

REACH = {"simulation": "the simulation", "transfer": "places known only from captures", "real_robot": "real robots"}


def claim_without_evidence(subject: Subject) -> Iterator[Diagnostic]:
    """X411: a claim over approaches or trials that are not in the study."""
    for name, study in subject.studies():
        for at, claim_id, claim in study.simple_claims():
            for path, approach in _named(claim):
                if approach not in study.approaches and not subject.may_be_arm(approach, study):
                    message = f"claim `{claim_id}` is about approach `{approach}`, which is not in this study"
                    help = did_you_mean(approach, study.approaches, "approaches of this study")
                    sure = same_id(approach, study.approaches)
                    yield subject.at("study", name, (*at, *path), "X411", message, help, fix=sure)
            for key in ("domain", "against") if isinstance(claim, Alike) else ("domain",):
                if (where := getattr(claim, key)) not in domains(subject.project, study):
                    message = f"claim `{claim_id}` rests on trials in `{where}`, but none are planned there"
                    yield subject.at("study", name, (*at, key), "X411", message, way_to(where))
            if isinstance(claim, Alike):
                if claim.domain == claim.against:
                    message = f"claim `{claim_id}` holds `{claim.domain}` against itself"
                    yield subject.at("study", name, (*at, "against"), "X411", message, "name another domain")
                continue
            pairs = comparisons(claim, study.baseline)
            if not pairs:
                message = f"claim `{claim_id}` compares with the baseline, but the study has none"
                yield subject.at("study", name, at, "X411", message, "name a `baseline`, or say `over`", key=True)
            elif any(a == b for a, b in pairs):
                message = f"claim `{claim_id}` compares `{pairs[0][0]}` with itself"
                yield subject.at("study", name, at, "X411", message, "name another approach", key=True)


def claim_without_control(subject: Subject) -> Iterator[Diagnostic]:
    """X431: a claim of superiority without a placebo, or without a control for the budget that its approach adds."""
    for name, study in subject.studies():
        for at, claim_id, claim in study.simple_claims():
            if isinstance(claim, Superior) and "~" not in claim_id and _can_be_compared(subject, study, claim):
                if subject.project.arms.get(str(claim.over)) == claim.approach:
                    continue  # it is compared with a control of its own
                over = str(claim.over or study.baseline)
                yield from _placebo(subject, name, at, claim_id, claim, over)
                yield from _capacity(subject, name, at, claim_id, claim, over)


def required_gate(subject: Subject) -> Iterator[Diagnostic]:
    """X519: what a claim requires is no gate over trials of the study: an offline figure says nothing of success."""
    for name, study in subject.studies():
        for claim_id, claim in study.claims.items():
            for i, gate in enumerate(claim.requires if isinstance(claim, Composed) else ()):
                at, rule = ("claims", claim_id, "requires", i), subject.project.gates.get(gate)
                if rule is None:
                    message = f"claim `{claim_id}` requires the gate `{gate}`, which the project has not"
                    yield subject.at("study", name, at, "X519", message, did_you_mean(gate, subject.project.gates, "gates"))
                elif rule.metric not in TRIAL_METRICS:
                    message = f"claim `{claim_id}` requires the gate `{gate}`, which judges `{rule.metric}` and no trials"
                    help = f"require a gate over {' or '.join(f'`{metric}`' for metric in TRIAL_METRICS)}"
                    yield subject.at("study", name, at, "X519", message, help)
                else:
                    for field, reason, help in lacking(subject, rule, study):
                        note = subject.note("the gate asks for it here", "gate", gate, (field,))
                        message = f"claim `{claim_id}` requires the gate `{gate}`, which {reason}"
                        yield subject.at("study", name, at, "X519", message, help, notes=(note,))


def surrogate_evidence(subject: Subject) -> Iterator[Diagnostic]:
    """X434: a claim that reaches farther than its evidence: a surrogate domain, back end or approach."""
    for name, study in subject.studies():
        for at, claim_id, claim in study.simple_claims():
            if claim.about in (None, "simulation"):
                continue
            for path, message, help, note in _surrogates(subject, name, at, claim_id, claim):
                about = subject.note("what it speaks of is here", "study", name, (*at, "about"))
                yield subject.at("study", name, path, "X434", message, help, notes=(about, *note))


def _named(claim: Simple) -> Iterator[tuple[SpanPath, str]]:
    if isinstance(claim, Ordered):
        yield from ((("order", i), approach) for i, approach in enumerate(claim.order))
    else:
        yield ("approach",), claim.approach
        if not isinstance(claim, Alike) and claim.over is not None:
            yield ("over",), claim.over
    for role in ("placebo", "capacity"):
        if (control := getattr(claim.controls, role)) is not None:
            yield ("controls", role), control


def _can_be_compared(subject: Subject, study: Study, claim: Superior) -> bool:
    """Whether every approach that the claim names is in the study and in shape."""
    named = {approach for _, approach in _named(claim)} | {claim.over or study.baseline}
    return None not in named and all(a in study.approaches and subject.in_shape(str(a)) for a in named)


def _placebo(subject: Subject, study: str, at: SpanPath, claim_id: str, claim: Superior, over: str) -> Iterator[Diagnostic]:
    project, given = subject.project, claim.controls.placebo
    if given is not None:
        apart = [d.name for d in differences(project, study, given, over)]
        if apart != [OFFSET]:
            why = f"differs in `{'`, `'.join(d for d in apart if d != OFFSET)}`" if apart else "has the same training seeds"
            message = f"`{given}` is no placebo of `{over}`: it {why}"
            help = f"a placebo extends `{over}` and sets nothing but `{OFFSET}`"
            yield subject.at("study", study, (*at, "controls", "placebo"), "X431", message, help)
        return
    if over in fixed_policies(project, project.studies[study]):
        return  # nobody trains it: it has no other training seeds, and a placebo would be the very same trials
    others = [a for a in project.studies[study].approaches if subject.in_shape(a)]
    if not any([d.knob for d in differences(project, study, a, over)] == [(OFFSET,)] for a in others):
        message = f"claim `{claim_id}` has no placebo: nothing shows what a band over `{over}` looks like without an effect"
        help = f"add an approach with `extends: {over}` and `{OFFSET}: 1000` to the study"
        if over in project.arms:
            help = f"compare with an approach that has a file of its own; `{over}` brings the claim over it already"
        yield subject.at("study", study, at, "X431", message, help, key=True)


def _capacity(subject: Subject, study: str, at: SpanPath, claim_id: str, claim: Superior, over: str) -> Iterator[Diagnostic]:
    project, given = subject.project, claim.controls.capacity
    more = confounding_budget(subject, study, claim.approach, over)
    if given is not None:
        treated = differences(project, study, claim.approach, over)
        apart = {d.knob for d in differences(project, study, given, claim.approach)}
        unmatched = [d.name for d in treated if d.budget and d.knob in apart]
        same = not any(d.knob in apart for d in treated if not d.budget)
        if unmatched or same:
            why = f"it has another `{'`, `'.join(unmatched)}`" if unmatched else "it has all of it"
            message = f"`{given}` is no capacity control of `{claim.approach}`: {why}"
            help = "give it the same budget, and leave out what the claim is about"
            yield subject.at("study", study, (*at, "controls", "capacity"), "X431", message, help)
        return
    if more and not has_control(subject, study, claim.approach, over):
        spent, help = ", ".join(f"`{d.name}`" for d in more), control_help(study, claim.approach, over, more)
        message = f"claim `{claim_id}` has no capacity control: `{claim.approach}` also has more {spent} than `{over}`"
        yield subject.at("study", study, at, "X431", message, help, key=True)


def _surrogates(
    subject: Subject, study: str, at: SpanPath, claim_id: str, claim: Simple
) -> Iterator[tuple[SpanPath, str, str, tuple[Note, ...]]]:
    assert claim.about is not None
    reach, fit = REACH[claim.about], carrying(claim.about)
    if claim.domain not in fit:
        message = f"claim `{claim_id}` speaks of {reach}, but trials in `{claim.domain}` are a surrogate for that"
        yield (*at, "domain"), message, f"rest it on trials in {' or '.join(f'`{d}`' for d in fit)}, or claim less", ()
    spec = subject.project.studies[study]
    for role, default in DEFAULTS.items():
        chosen = spec.backends.get(role, default)
        if (found := known(role, chosen)) and found.surrogate:
            path = ("backends", role) if role in spec.backends else at
            message = f"claim `{claim_id}` speaks of {reach}, but back end `{chosen}` is a surrogate"
            yield path, message, "choose a back end that is the real thing, or claim less", ()
    for path, approach in _named(claim):
        row = subject.project.approaches[approach].row if approach in subject.project.approaches else None
        if row is not None and row.evidence == "surrogate" and "controls" not in path:
            note = subject.note("its row says so", "approach", approach, ("row", "evidence"))
            message = f"claim `{claim_id}` speaks of {reach}, but `{approach}` only stands in for the method of its row"
            yield (*at, *path), message, "build the method itself, or claim less", (note,)
