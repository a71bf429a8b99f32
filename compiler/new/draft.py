"""The text of a new spec from answers, and what `check` would say of it before it is written."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from compiler.diagnostics.diagnostic import Diagnostic, Span, did_you_mean
from compiler.laws.check import check
from compiler.new.field import Answers, Asking, Field
from compiler.new.kinds import FIELDS
from compiler.new.phases import of_phase
from compiler.project.arms import with_arms
from compiler.project.project import MODELS, Project
from compiler.reading.source import Source, read_source
from compiler.reading.spec_files import FOLDERS, file_of
from compiler.reading.writing import flow, scalar
from compiler.shape.sections import check_sections
from compiler.shape.validate import validate
from compiler.spec.base import Spec
from compiler.spec.study import Study
from compiler.templates import template


def completed(project: Project, kind: str, name: str, given: Answers) -> dict[str, Any]:
    """The answers with the defaults of all else that applies."""
    answers: dict[str, Any] = {}
    for field in FIELDS[kind]:
        if field.when(answers):
            default = field.default(Asking(project, name, answers)) if callable(field.default) else field.default
            answers[field.name] = given.get(field.name, default)
    return answers


def render(kind: str, name: str, answers: Answers, phase: int | None = None) -> str:
    """The spec's text: the modeline, comments that explain each part, and the answers as quoted YAML; with a phase, a study by
    the headings of the playbook.

    Raises:
        ValueError: for an answer that no file can hold.
    """
    text = template(f"new/{kind if phase is None else 'study-template'}.yaml.j2", {"scalar": scalar, "flow": flow})
    up = "../" * file_of(kind, name).count("/")
    values = {key.replace("-", "_"): value for key, value in answers.items()}
    priors = {key: answers.get(f"prior-{key.replace('_', '-')}") for key in ("world_model", "irl")}
    constraints = {key: True for key in ("no_new_real_data", "no_teleoperation") if values.get(key)}
    values["prior"] = {key: value for key, value in priors.items() if value}
    values["constraints"] = constraints
    if phase is not None:
        values |= of_phase(phase, answers)
    return text.render(schema=f"{up}schema/{kind}.schema.json", **values).rstrip() + "\n"


def judge(project: Project, kind: str, name: str, text: str) -> tuple[Source, list[Diagnostic]]:
    """The new spec as read, and everything that `check` would say of its file."""
    source = read_source(text, file_of(kind, name))
    spec, wrong = validate(MODELS[kind], source) if source.value is not None else (None, [])
    found = [*source.diagnostics, *wrong, *check_sections(source)]
    if spec is None or found:
        return source, found
    return source, [d for d in check(_only(project, kind, name, source, spec)) if d.span.file == source.name]


def with_spec(project: Project, kind: str, name: str, source: Source) -> Project:
    """The project with the new spec in it, as if it were written."""
    whole = replace(project, sources=project.sources | {(kind, name): source}, graphs={})
    models = {**project.specs(kind), name: validate(MODELS[kind], source)[0]}
    setattr(whole, FOLDERS[kind], models)
    return whole


def made_worse(project: Project, study: str, text: str) -> list[Diagnostic]:
    """Errors that a study's new text has and its old one has not."""
    found = [d for d in judge(project, "study", study, text)[1] if d.severity == "error"]
    before = project.source("study", study).text
    told = {(d.code, d.message) for d in judge(project, "study", study, before)[1]} if found else set()
    return [d for d in found if (d.code, d.message) not in told]


def reason(project: Project, kind: str, name: str, field: Field, answers: Answers) -> str | None:
    """Why the answer to one question cannot stand, or None."""
    found, known = answers[field.name], list(field.choices(project))
    for item in found if isinstance(found, list | dict) else [] if found is None else [found]:
        if known and item not in known:
            return f"unknown {field.name} `{item}`; {did_you_mean(str(item), known, 'choices')}"
    try:
        source, wrong = judge(project, kind, name, render(kind, name, completed(project, kind, name, answers)))
    except ValueError as error:
        return str(error)
    whole = source.spans.value(field.path), source.spans.key(field.path)
    here = [d for d in wrong if any(span and _overlap(d.span, span) for span in whole) and d.severity == "error"]
    return f"{here[0].message}; {here[0].help}" if here else None


def write(project: Project, kind: str, name: str, text: str) -> Path:
    """Write the new file, never over another one and never outside the project; returns it.

    Raises:
        ValueError: when that id is taken, or the folder is a link that leaves the project.
    """
    path = vacant(project, kind, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    if not Path(os.path.realpath(path.parent)).is_relative_to(os.path.realpath(project.root)):
        raise ValueError(f"`{path.parent.relative_to(project.root)}` is a link that leaves the project")
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise ValueError(f"`{path.relative_to(project.root)}` exists already") from None
    return path


def vacant(project: Project, kind: str, name: str) -> Path:
    """The path of a spec that is not there yet.

    Raises:
        ValueError: when that id is taken.
    """
    taken = project.sources.get((kind, name))
    path = project.root / file_of(kind, name)
    if taken is not None or path.is_symlink() or path.exists():
        shown = taken.name if taken else file_of(kind, name)
        raise ValueError(f"{kind} `{name}` exists already: `{shown}`; choose another id, or edit that file")
    return path


def _only(project: Project, kind: str, name: str, source: Source, spec: Spec) -> Project:
    """The project as far as the new spec needs it, with the spec in it; other studies have their own troubles."""
    sources = {key: found for key, found in project.sources.items() if key[0] != "study"} | {(kind, name): source}
    part = replace(project, sources=sources, studies={}, locations={}, tasks={}, gates={}, graphs={})
    if isinstance(spec, Study):
        named = {*spec.locations, *(x for listed in spec.sets.values() for x in listed)}
        part.locations = {x: found for x, found in project.locations.items() if x in named}
        part.tasks, part.gates = dict(project.tasks), dict(project.gates)
    part.approaches = dict(project.approaches)
    part.specs(kind)[name] = with_arms(part, spec) if isinstance(spec, Study) else spec
    return part


def _overlap(a: Span, b: Span) -> bool:
    return (a.line, a.col) < (b.end_line, b.end_col) and (b.line, b.col) < (a.end_line, a.end_col)
