"""What a study must be to mean something."""

from collections.abc import Iterator

from compiler.diagnostic import Diagnostic, Note, did_you_mean
from compiler.laws.subject import Subject
from runtime.stage import load_stages

AXES = ("tasks", "approaches", "seeds", "trials")


def empty_study(subject: Subject) -> Iterator[Diagnostic]:
    """X403: nothing would be built, or trials are planned that cannot run."""
    for name, study in subject.studies():
        planned = [axis for axis in AXES if getattr(study, axis)]
        missing = [axis for axis in AXES if not getattr(study, axis)]
        if not study.locations:
            yield subject.at("study", name, ("locations",), "X403", "the study has no locations", "name one", key=True)
        elif not planned and not study.targets:
            fix = "name `tasks`, `approaches`, `seeds` and `trials`, or stages under `targets`"
            yield subject.at("study", name, (), "X403", "the study plans no trials and has no targets", fix)
        elif planned and missing:
            named, lacking = " and ".join(f"`{a}`" for a in planned), ", ".join(f"`{a}`" for a in missing)
            message = f"the study names {named}, but no {lacking}: no trial would run"
            yield subject.at("study", name, (planned[0],), "X403", message, f"name {lacking} too", key=True)


def baseline(subject: Subject) -> Iterator[Diagnostic]:
    """X401: the baseline is not one of the approaches, or several approaches are compared with nothing."""
    for name, study in subject.studies():
        if study.baseline is not None and study.baseline not in study.approaches:
            message = f"baseline `{study.baseline}` is not among the approaches"
            fix = did_you_mean(study.baseline, study.approaches, "approaches of this study")
            yield subject.at("study", name, ("baseline",), "X401", message, fix)
        elif study.baseline is None and len(set(study.approaches)) > 1:
            message = f"{len(set(study.approaches))} approaches and no baseline to compare them with"
            fix = "name one of them as `baseline`"
            yield subject.at("study", name, ("approaches",), "X401", message, fix, key=True)


def seeds(subject: Subject) -> Iterator[Diagnostic]:
    """X402 and X410: a seed that is listed twice, or too few seeds for a band."""
    for name, study in subject.studies():
        first: dict[int, int] = {}
        for i, seed in enumerate(study.seeds):
            if seed in first:
                note = Note("the first one is here", subject.span("study", name, ("seeds", first[seed])))
                fix = "use another seed; a repeated one counts its result double"
                message = f"seed {seed} is listed twice"
                yield subject.at("study", name, ("seeds", i), "X402", message, fix, notes=(note,))
            first.setdefault(seed, i)
        if len(first) == 1 and study.approaches:
            message = "one training seed gives no band: the seed is the unit of inference"
            yield subject.at("study", name, ("seeds",), "X410", message, "name two seeds at the least, better three")


def judged_alike(subject: Subject) -> Iterator[Diagnostic]:
    """X417: an approach may not set parameters or inputs of the stages that judge it."""
    judges = {s.name for s in load_stages().values() if {"domain", "study", "gate"} & set(s.per)}
    for name in subject.used("approach"):
        spec = subject.project.approaches[name]
        for section in ("stages", "inputs"):
            for stage in sorted(judges & set(getattr(spec, section))):
                message = f"approach `{name}` changes `{stage}`, by which it is judged"
                fix = "set it in the study, for every approach alike"
                yield subject.at("approach", name, (section, stage), "X417", message, fix, key=True)


def held_out_task(subject: Subject) -> Iterator[Diagnostic]:
    """X418: every policy of a study is trained on demos of its tasks, so a held-out task may not be one of them."""
    for name, study in subject.studies():
        for i, task in enumerate(study.tasks if study.approaches else ()):
            spec = subject.project.tasks.get(task)
            if spec is not None and spec.held_out:
                message = f"task `{task}` is held out, but the study trains policies on its demos"
                notes = (Note("it is held out here", subject.span("task", task, ("held_out",))),)
                fix = "take it out of `tasks`, or drop `held_out` from the task"
                yield subject.at("study", name, ("tasks", i), "X418", message, fix, notes=notes)


def constraints(subject: Subject) -> Iterator[Diagnostic]:
    """X404 and X405: an approach that the study rules out, or that cannot be had; the reason is in its row."""
    for name, study in subject.studies():
        for i, approach in enumerate(study.approaches):
            spec = subject.project.approaches.get(approach)
            if spec is None:
                continue
            needs = {"no_new_real_data": "new real data", "no_teleoperation": "teleoperation"}
            for rule, needed in needs.items():
                if getattr(study.constraints, rule) and not getattr(spec.row, rule):
                    message = f"approach `{approach}` needs {needed}, which this study rules out"
                    notes = (
                        Note("its row says so", subject.span("approach", approach, ("row", rule))),
                        *_reason(subject, approach),
                        Note("the constraint is here", subject.span("study", name, ("constraints", rule))),
                    )
                    fix = f"take `{approach}` out of the study, or lift `{rule}`"
                    yield subject.at("study", name, ("approaches", i), "X404", message, fix, notes=notes)
            if not spec.row.available:
                where = Note("its row says so", subject.span("approach", approach, ("row", "available")))
                notes = (where, *_reason(subject, approach))
                message, fix = f"approach `{approach}` is not available", f"take `{approach}` out of the study"
                yield subject.at("study", name, ("approaches", i), "X405", message, fix, notes=notes)


def prior_range(subject: Subject) -> Iterator[Diagnostic]:
    """X406: a prior range whose low end is above its high end."""
    for name in subject.used("approach"):
        prior = subject.project.approaches[name].row.prior
        for where in ("world_model", "irl"):
            ends = getattr(prior, where)
            if ends is not None and ends[0] > ends[1]:
                message = f"prior range `{where}` is upside down: {ends[0]:g} is above {ends[1]:g}"
                fix = f"write `[{ends[1]:g}, {ends[0]:g}]`"
                yield subject.at("approach", name, ("row", "prior", where), "X406", message, fix)


def domains(subject: Subject) -> Iterator[Diagnostic]:
    """X412 and X413: trials in a domain that a location, or no stage, can offer."""
    evaluate = load_stages().get("evaluate")
    offered = _choices(evaluate.params.model_json_schema(), "domain") if evaluate else []
    for name, study in subject.studies():
        for domain in study.trials:
            if offered and domain not in offered:
                message, fix = f"no stage evaluates in `{domain}`", f"known domains: {', '.join(offered)}"
                yield subject.at("study", name, ("trials", domain), "X413", message, fix, key=True)
        if "irl_proxy" not in study.trials:
            continue
        known = subject.project.locations
        for i, location in enumerate(study.locations):
            if location in known and known[location].source.kind != "hidden_site":
                note = Note(
                    "trials in `irl_proxy` are planned here", subject.span("study", name, ("trials", "irl_proxy"))
                )
                message = f"location `{location}` has no hidden site, so it cannot have trials in `irl_proxy`"
                fix = "take `irl_proxy` out of `trials`, or give the location a study of its own"
                yield subject.at("study", name, ("locations", i), "X412", message, fix, notes=(note,))


def targets(subject: Subject) -> Iterator[Diagnostic]:
    """X416: a target that is not made once for each location."""
    stages = load_stages()
    for name, study in subject.studies():
        for i, target in enumerate(study.targets):
            if target in stages and tuple(stages[target].per) != ("location",):
                per = " and ".join(stages[target].per)
                message = f"`{target}` is made for each {per}, not once for each location"
                fit = ", ".join(sorted(s.name for s in stages.values() if tuple(s.per) == ("location",)))
                yield subject.at("study", name, ("targets", i), "X416", message, f"stages that can be targets: {fit}")


def _reason(subject: Subject, approach: str) -> tuple[Note, ...]:
    reason = subject.project.approaches[approach].row.reason
    return (Note(reason, subject.span("approach", approach, ("row", "reason"))),) if reason else ()


def _choices(schema: dict, name: str) -> list[str]:
    """The closed list of values of a field, also where it is shared in `$defs`."""
    part = schema["properties"].get(name, {})
    if "$ref" in part:
        part = schema["$defs"][part["$ref"].rsplit("/", 1)[-1]]
    return list(part.get("enum", []))
