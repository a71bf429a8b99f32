"""The laws that hold across files, all in one pass."""

from datetime import date
from itertools import islice

from compiler.diagnostics.diagnostic import Diagnostic, Span, bounded, did_you_mean, in_order
from compiler.laws import (
    backends,
    captures,
    claims,
    design,
    expanded,
    gates,
    held_out,
    imported,
    looks,
    matrix,
    one_change,
    parameters_together,
    references,
    seeds,
    undecidable,
    waivers,
    wiring,
)
from compiler.laws.subject import LISTS, Law, Subject, utc_day
from compiler.project.collector import without_gc
from compiler.project.load import LOCAL_FILE, Project

LAWS: tuple[Law, ...] = (
    references.unknown_reference,
    references.unknown_stage_named,
    references.listed_twice,
    references.extends_cycle,
    captures.capture_root,
    captures.capture_files,
    backends.unknown_role,
    backends.unknown_backend,
    backends.installed,
    backends.one_place,
    backends.licence,
    backends.approach_licence,
    wiring.hidden_site_read,
    wiring.unknown_input,
    wiring.other_type,
    wiring.made_more_often,
    wiring.input_cycle,
    design.empty_study,
    design.baseline,
    design.judged_alike,
    design.domains,
    design.targets,
    imported.imported_trials,
    looks.looks,
    held_out.held_out,
    seeds.duplicate_seed,
    seeds.too_few_seeds,
    matrix.constraints,
    matrix.availability,
    matrix.prior_range,
    matrix.target_outside_priors,
    gates.gate_without_evidence,
    claims.claim_without_evidence,
    claims.claim_without_control,
    claims.surrogate_evidence,
    one_change.unknown_change,
    one_change.undeclared_difference,
    one_change.matched_budget,
    undecidable.unresolved,
    waivers.waiver_without_verdict,
    waivers.waiver_expired,
    parameters_together.merged_parameters,
)
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
        fix = did_you_mean(study, project.ids("study"), "studies")
        file = "specs/study.yaml" if study == "study" else f"specs/studies/{study}.yaml"
        return [*_of_studies(project), Diagnostic("R201", f"unknown study `{study}`", Span(file), help=fix)]
    subject = Subject(project, study, today or utc_day())
    found = list(project.diagnostics)
    for law in LAWS:
        found += islice(law(subject), MOST_OF_A_LAW)
    used = files_of(subject) if study is not None else set()
    found = in_order(d for d in found if study is None or d.span.file in used)
    for name, _ in subject.studies():
        own = files_of(Subject(project, name))
        if not any(d.severity == "error" and d.span.file in own for d in found):
            with without_gc():
                found += expanded.expanded(subject, name)
    return bounded(found)


def files_of(subject: Subject) -> set[str]:
    """The files that one study uses, and this machine's own."""
    project, name = subject.project, subject.only
    assert name is not None
    used = {("study", name)} | {(kind, name) for kind in LISTS.values() for name in subject.named(kind)}
    return {project.sources[key].name for key in used if key in project.sources} | {LOCAL_FILE}


def _of_studies(project: Project) -> list[Diagnostic]:
    """What is wrong with studies' files themselves, which may be why one is unknown."""
    return in_order(d for d in project.diagnostics if d.span.file.startswith(("specs/stud", LOCAL_FILE)))
