"""Training seeds: the unit of inference."""

from collections.abc import Iterator
from dataclasses import replace

from compiler.diagnostics.diagnostic import Diagnostic, Note, did_you_mean
from compiler.laws.power.power import Design, Quantity, least
from compiler.laws.power.spreads import expected
from compiler.laws.subject import Subject
from compiler.project.differences import counted_placebos
from compiler.project.layers import approach_policy, fixed_policies
from compiler.spec.study import Study

WIDEST = 50.0
"""Half-width of a band, in points, from which it cannot tell a success rate of a quarter from one of three quarters."""
LEVELS = (0.95, 0.9, 0.8)
"""Levels that people use, highest first."""
PLENTY = 10**9
"""So many trials that only seeds are left to differ."""


def duplicate_seed(subject: Subject) -> Iterator[Diagnostic]:
    """X402: a seed that is listed twice."""
    for name, study in subject.studies():
        first: dict[int, int] = {}
        for i, seed in enumerate(study.seeds):
            if seed in first:
                note = subject.note("the first one is here", "study", name, ("seeds", first[seed]))
                help = "use another seed; a repeated one counts its result double"
                message = f"seed {seed} is listed twice"
                yield subject.at("study", name, ("seeds", i), "X402", message, help, notes=(note,))
            first.setdefault(seed, i)
        for approach, seeds in study.more_seeds.items():
            for i, seed in enumerate(seeds):
                if seed in study.seeds or seed in seeds[:i]:
                    message = f"seed {seed} is listed twice"
                    at = ("more_seeds", approach, i)
                    yield subject.at("study", name, at, "X402", message, f"use another seed; `{approach}` has this one already")


def more_of_nothing(subject: Subject) -> Iterator[Diagnostic]:
    """X411: more seeds of an approach that the study does not have, and a reference of placebos where there are none."""
    for name, study in subject.studies():
        for approach in study.more_seeds:
            if approach not in study.approaches and not subject.may_be_arm(approach, study):
                message = f"`more_seeds` is about approach `{approach}`, which is not in this study"
                help = did_you_mean(approach, study.approaches, "approaches of this study")
                yield subject.at("study", name, ("more_seeds", approach), "X411", message, help, key=True)
        known = study.baseline in subject.project.approaches and all(map(subject.in_shape, study.approaches))
        if study.placebos == "reference" and (study.baseline is None or known) and not counted_placebos(subject.project, name):
            message = "no placebo counts as the baseline: none is the baseline with training seeds of its own"
            help = f"list an approach with `extends: {study.baseline or 'BASELINE'}` and `training_seed_offset: 1000`"
            yield subject.at("study", name, ("placebos",), "X411", message, help)


def one_policy_for_all(subject: Subject) -> Iterator[Diagnostic]:
    """X464: seeds of an approach that is one and the same policy, such as a brought checkpoint, for all of them."""
    for name, study in subject.studies():
        fixed = fixed_policies(subject.project, study)
        if not fixed or len(set(study.seeds)) < 2:
            continue
        listed = ", ".join(f"`{approach}`" for approach in fixed)
        message = f"{listed} {'is' if len(fixed) == 1 else 'are each'} one policy for all {len(study.seeds)} seeds"
        message += ": trials of it run once, and tell nothing of what another training would give"
        help = "read its bands as those of this very policy; to speak of a recipe, bring a policy of each of its trainings"
        if len(fixed) == len(set(study.approaches)):
            help = f"nothing is trained here: name one seed, `seeds: [{study.seeds[0]}]`"
        brought = (found[0] for approach in fixed if (found := approach_policy(subject.project, approach)))
        notes = [subject.note("it is named here", "approach", by, ("policy", "path")) for by in dict.fromkeys(brought)]
        yield subject.at("study", name, ("seeds",), "X464", message, help, notes=tuple(notes), severity="warning")


def too_few_seeds(subject: Subject) -> Iterator[Diagnostic]:
    """X410: no band at all with one seed; or, at the study's level, one so wide that it says nothing."""
    for name, study in subject.studies():
        seeds = len(set(study.seeds))
        if seeds == 0 or not study.approaches or not study.locations or not study.tasks or not study.trials:
            continue
        if len(fixed_policies(subject.project, study)) == len(set(study.approaches)):
            continue  # nothing is trained: these very policies are compared, over initial states
        if seeds == 1:
            message = "one training seed gives no band: the seed is the unit of inference"
            yield subject.at("study", name, ("seeds",), "X410", message, "name two seeds at the least, better three")
        elif len(study.seeds) == seeds and (design := _by_seeds_alone(subject, study, seeds)).half_width > WIDEST:
            yield _too_wide(subject, name, design)


def _by_seeds_alone(subject: Subject, study: Study, seeds: int) -> Design:
    quantity: Quantity = "uplift" if len(set(study.approaches)) > 1 else "success_rate"
    groups, spread = len(set(study.locations)) * len(set(study.tasks)), expected(subject.project, study).spread
    return Design(quantity, seeds, PLENTY, groups, study.level, spread=spread)


def _too_wide(subject: Subject, name: str, design: Design) -> Diagnostic:
    message = (
        f"{design.seeds} training seeds give bands of about ±{min(design.half_width, 100):.0f} points at level "
        f"{design.level:g}, whatever the number of trials"
    )
    seeds = least(lambda n: replace(design, seeds=n).half_width <= WIDEST, design.seeds)
    ways = [f"name {seeds} seeds (about ±{replace(design, seeds=seeds).half_width:.0f})"] if seeds else []
    lower = next((x for x in LEVELS if x < design.level and replace(design, level=x).half_width <= WIDEST), None)
    if lower is not None:
        ways.append(f"set `level: {lower:g}` (about ±{replace(design, level=lower).half_width:.0f})")
    notes = (
        subject.note("the level is set here", "study", name, ("level",)),
        Note(expected(subject.project, subject.project.studies[name]).words),
    )
    if subject.project.spans("study", name).get(("level",)) is None:
        notes = notes[1:]
    return subject.at("study", name, ("seeds",), "X410", message, ", or ".join(ways), notes=notes, severity="warning")
