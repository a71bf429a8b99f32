"""Gates against what a study will measure."""

from collections.abc import Iterator

from compiler.diagnostics.diagnostic import Diagnostic, closest
from compiler.graph.roles import having
from compiler.laws.design import TARGETED
from compiler.laws.imported import domains, way_to
from compiler.laws.subject import Subject
from compiler.project.layers import approach_chain, layer
from compiler.spec.base import is_id
from compiler.spec.gate import Gate
from compiler.spec.study import Study
from runtime.bound.gate import TRIAL_METRICS
from runtime.stage import Stage, load_stages, marked_fields, providers


def gate_without_evidence(subject: Subject) -> Iterator[Diagnostic]:
    """X411: a gate over an approach, a domain or a stage that is not in the study."""
    for name, study in subject.studies():
        for i, gate in enumerate(study.gates):
            rule = subject.project.gates.get(gate)
            if rule is None:
                continue
            for field, reason, help in lacking(subject, rule, study):
                note = subject.note("the gate asks for it here", "gate", gate, (field,))
                message = f"gate `{gate}` {reason}"
                yield subject.at("study", name, ("gates", i), "X411", message, help, notes=(note,))


def metric_that_nobody_records(subject: Subject) -> Iterator[Diagnostic]:
    """X455: a gate over a metric that its stage does not declare, or that is no number."""
    for name in subject.used("gate"):
        rule = subject.project.gates[name]
        stage = load_stages().get(rule.stage or "")
        if stage is None or not stage.metrics or stage.unit(rule.metric) not in (None, "text"):
            continue
        others = sorted(s.name for s in load_stages().values() if s.unit(rule.metric) not in (None, "text"))
        if rule.metric in stage.metrics:
            message = f"stage `{stage.name}` records `{rule.metric}` as text, and a gate judges numbers"
        else:
            message = f"stage `{stage.name}` records no metric `{rule.metric}`"
        help = f"stage `{others[0]}` does: name that one, or another metric; " if others else ""
        yield subject.at("gate", name, ("metric",), "X455", message, _records(rule.metric, _numbers(stage), help))


def parameter_that_names_no_metric(subject: Subject) -> Iterator[Diagnostic]:
    """X455: a stage's parameter names a metric that no maker of what it reads declares."""
    stages = load_stages()
    for kind in ("study", "location", "task", "approach"):
        used = [name for name, _ in subject.studies()] if kind == "study" else subject.used(kind)
        for name in used:
            for stage, values in layer(subject.project, kind, name).stages.items():
                marked = marked_fields(stages[stage].params, "metric_of") if stage in stages else {}
                for field in [x for x in values if x in marked]:
                    port = next(port for port in stages[stage].ports if port.name == marked[field])
                    known = [metric for maker in providers(port.kind) for metric in _numbers(stages[maker])]
                    if (said := values[field]) not in known and isinstance(said, str):
                        message = f"a {port.kind} records no metric `{said}`"
                        yield subject.at(kind, name, ("stages", stage, field), "X455", message, _records(said, known))


def _numbers(stage: Stage) -> list[str]:
    return [metric for metric, unit in stage.metrics.items() if unit != "text"]


def _records(said: str, known: list[str], before: str = "") -> str:
    guess = closest(said, known)
    return (f"did you mean `{guess}`? " if guess else "") + f"{before}it records {', '.join(f'`{metric}`' for metric in known)}"


def lacking(subject: Subject, rule: Gate, study: Study) -> Iterator[tuple[str, str, str]]:
    """Field of the gate, what is missing, and the way out."""
    if rule.approach is not None and subject.may_be_arm(rule.approach, study):
        return
    if rule.approach is not None and rule.approach not in study.approaches:
        if ("approach", rule.approach) in subject.project.sources or not is_id(rule.approach):
            yield "approach", f"judges approach `{rule.approach}`, which is not in this study", "add the approach"
        return
    if rule.domain is not None and rule.domain not in domains(subject.project, study):
        yield "domain", f"judges trials in `{rule.domain}`, but none are planned there", way_to(rule.domain)
    elif rule.against is not None and rule.against not in domains(subject.project, study):
        yield "against", f"judges against trials in `{rule.against}`, but none are planned there", way_to(rule.against)
    elif rule.metric in ("uplift", "exploitation") and study.baseline is None:
        yield "metric", "judges uplift, but the study has no baseline", "name a `baseline`"
    elif rule.metric in ("uplift", "exploitation") and rule.approach == study.baseline:
        yield "approach", "judges the uplift of the baseline over itself", "name another approach in the gate"
    elif rule.metric not in TRIAL_METRICS and rule.stage in load_stages() and rule.stage not in _built(subject, study):
        curve = load_stages()[rule.stage].role == "curve"
        target = load_stages()[rule.stage].per in TARGETED
        help = "add the stage to `targets`" if target else "let an approach read it"
        help = "add a section `learning` to the study" if curve else help
        yield "stage", f"judges `{rule.stage}`, which this study does not build", help


def _built(subject: Subject, study: Study) -> set[str]:
    """Stages that a study builds: those that its evidence needs, and those that its approaches read. What one out of shape
    reads cannot be told: then any stage may be among them."""
    if not all(subject.in_shape(approach) for approach in study.approaches):
        return set(load_stages())
    stages = load_stages()
    asked = [*(having("trials", "evidence") if study.approaches else []), *(having("curve") if study.learning else [])]
    chains = (link for approach in study.approaches for link in approach_chain(subject.project, approach))
    wired = [maker for link in chains for ports in subject.project.approaches[link].inputs.values() for maker in ports.values()]
    waiting = [*study.targets, *(stage.name for stage in asked), *wired]
    built: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in stages and name not in built:
            built.add(name)
            waiting += [maker for port in stages[name].ports for maker in providers(port.kind)[:1]]
    return built
