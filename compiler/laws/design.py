"""What a study must be to mean something."""

from collections.abc import Iterator

from compiler.diagnostics.diagnostic import Diagnostic, did_you_mean, same_id
from compiler.graph.roles import JUDGES, having
from compiler.graph.roles import domains as made_in
from compiler.laws.imported import way_to
from compiler.laws.subject import Subject
from compiler.spec.study import Study
from runtime.bound.axis import AXES as BY_AXIS
from runtime.bound.domain import DOMAINS
from runtime.stage import Port, load_stages

AXES = ("tasks", "approaches", "seeds", "trials")


def empty_study(subject: Subject) -> Iterator[Diagnostic]:
    """X403: nothing would be built, or trials are planned that cannot run."""
    for name, study in subject.studies():
        planned = [axis for axis in AXES if getattr(study, axis)]
        missing = [axis for axis in AXES if not getattr(study, axis)]
        if not study.trials and not study.learning and planned and {*planned} <= _of_targets(study):
            continue  # runs of what it targets, and no trials
        if not study.locations:
            yield subject.at("study", name, ("locations",), "X403", "the study has no locations", "name one", key=True)
        elif not planned and not study.targets:
            help = "name `tasks`, `approaches`, `seeds` and `trials`, or stages under `targets`"
            yield subject.at("study", name, (), "X403", "the study plans no trials and has no targets", help)
        elif study.learning is not None and not planned:
            message = "the study asks for learning curves, but plans no trials: no policy would be trained"
            help = "name `tasks`, `approaches`, `seeds` and `trials`, or remove `learning`"
            yield subject.at("study", name, ("learning",), "X403", message, help, key=True)
        elif planned and missing:
            named, lacking = " and ".join(f"`{a}`" for a in planned), ", ".join(f"`{a}`" for a in missing)
            message = f"the study names {named}, but no {lacking}: no trial would run"
            yield subject.at("study", name, (planned[0],), "X403", message, f"name {lacking} too", key=True)


def _of_targets(study: Study) -> set[str]:
    """Keys of a study that name what its targets stand for."""
    per = {axis for target in study.targets if target in load_stages() for axis in load_stages()[target].per}
    return {str(listed) for axis in per if (listed := BY_AXIS[axis].listed)}


def baseline(subject: Subject) -> Iterator[Diagnostic]:
    """X401: the baseline is not one of the approaches, or several approaches are compared with nothing."""
    for name, study in subject.studies():
        if study.baseline is not None and study.baseline not in study.approaches:
            message = f"baseline `{study.baseline}` is not among the approaches"
            help = did_you_mean(study.baseline, study.approaches, "approaches of this study")
            sure = same_id(study.baseline, study.approaches)
            yield subject.at("study", name, ("baseline",), "X401", message, help, fix=sure)
        elif study.baseline is None and len(set(study.approaches)) > 1:
            message = f"{len(set(study.approaches))} approaches and no baseline to compare them with"
            help = "name one of them as `baseline`"
            yield subject.at("study", name, ("approaches",), "X401", message, help, key=True)


def judged_alike(subject: Subject) -> Iterator[Diagnostic]:
    """X417: an approach may set nothing of the stages that judge it but what of its own they try, nor what others read of the
    baseline."""
    judges = {stage.name: stage for stage in having(*JUDGES)}
    yardsticks = {study.baseline or study.approaches[0] for _, study in subject.studies() if study.approaches}
    base = {link for yardstick in yardsticks for link in subject.chain(yardstick)}
    for name in subject.used("approach"):
        spec = subject.project.approaches[name]
        for section in ("stages", "inputs"):
            for stage in sorted(judges.keys() & set(getattr(spec, section))):
                if section == "inputs" and all(_judged(judges[stage].port(port)) for port in spec.inputs[stage]):
                    continue
                message = f"approach `{name}` changes `{stage}`, by which it is judged"
                help = "set it in the study, for every approach alike"
                yield subject.at("approach", name, (section, stage), "X417", message, help, key=True)
        for stage, port in ((s, p) for s in sorted(spec.inputs.keys() - judges.keys()) for p in spec.inputs[s]):
            found = load_stages()[stage].port(port) if stage in load_stages() else None
            if found is not None and found.whose == "baseline" and name not in base:
                message, help = f"`{stage}` reads `{port}` of the baseline, whatever the approach", "wire it in the baseline"
                yield subject.at("approach", name, ("inputs", stage, port), "X417", message, help, key=True)


def _judged(port: Port | None) -> bool:
    """Whether a port takes what is judged, such as the policy, and no part of the yardstick."""
    return port is not None and port.whose == "own"


def domains(subject: Subject) -> Iterator[Diagnostic]:
    """X412 and X413: trials in a domain that a location, or no stage, can offer."""
    offered = made_in()
    for name, study in subject.studies():
        for domain in study.trials:
            if offered and domain not in offered:
                message, help = f"no stage evaluates in `{domain}`", f"known domains: {', '.join(offered)}"
                help = way_to(domain) if DOMAINS[domain].by_people else help
                yield subject.at("study", name, ("trials", domain), "X413", message, help, key=True)
        known = subject.project.locations
        for i, location, domain in ((i, x, d) for d in study.trials if DOMAINS[d].at_site for i, x in subject.places(study)):
            if location in known and known[location].source.kind != "hidden_site":
                note = subject.note(f"trials in `{domain}` are planned here", "study", name, ("trials", domain))
                message = f"location `{location}` has no hidden site, so it cannot have trials in `{domain}`"
                help = f"take `{domain}` out of `trials`, or give the location a study of its own"
                yield subject.at("study", name, ("locations", i), "X412", message, help, notes=(note,))


TARGETED = (("location",), ("location", "task"), ("location", "approach", "seed"), ("location", "task", "approach", "seed"))
"""Axes of stages that can be targets."""


def targets(subject: Subject) -> Iterator[Diagnostic]:
    """X416: a target that stands for more than a location, a task there, or a training of an approach."""
    stages = load_stages()
    for name, study in subject.studies():
        for i, target in enumerate(study.targets):
            if target in stages and stages[target].per not in TARGETED:
                per = " and ".join(stages[target].per)
                message = f"`{target}` is made for each {per}, not for each location, location and task, or training there"
                fit = ", ".join(sorted(s.name for s in stages.values() if s.per in TARGETED))
                yield subject.at("study", name, ("targets", i), "X416", message, f"stages that can be targets: {fit}")
            elif target in stages:
                named = {
                    "task": ("tasks", study.tasks),
                    "approach": ("approaches", study.approaches),
                    "seed": ("seeds", study.seeds),
                }
                for axis, (field, values) in named.items():
                    if axis in stages[target].per and not values:
                        message = f"`{target}` is made for each {axis}, and the study has none"
                        yield subject.at("study", name, ("targets", i), "X416", message, f"name `{field}`")
                        break


def reaches_nothing(subject: Subject) -> Iterator[Diagnostic]:
    """X452: a location or a task sets something of a stage that is not made for each of them."""
    stages = load_stages()
    for kind, other in (("location", "task"), ("task", "location")):
        for name in subject.used(kind):
            for stage in subject.project.specs(kind)[name].stages:
                if stage in stages and kind not in stages[stage].per:
                    message = f"`{stage}` is not made for each {kind}, so what `{name}` sets of it would reach nothing"
                    help = f"set it in {f'a {other}, ' if other in stages[stage].per else ''}an approach or the study"
                    help = "set it in the study" if stages[stage].role in JUDGES else help
                    yield subject.at(kind, name, ("stages", stage), "X452", message, help, key=True)


def held_out(subject: Subject) -> Iterator[Diagnostic]:
    """X418: policies of a study are trained on demos of its tasks at its locations, so none may be held out."""
    for name, study in subject.studies():
        for kind, field in (("task", "tasks"), ("location", "locations")) if study.approaches else ():
            specs = subject.project.specs(kind)
            for i, listed in subject.places(study) if kind == "location" else enumerate(study.tasks):
                if listed in specs and specs[listed].held_out:
                    where = "on its demos" if kind == "task" else "there"
                    message = f"{kind} `{listed}` is held out, but the study trains policies {where}"
                    notes = (subject.note("it is held out here", kind, listed, ("held_out",)),)
                    help = f"take it out of `{field}`, or drop `held_out` from the {kind}"
                    yield subject.at("study", name, (field, i), "X418", message, help, notes=notes)
