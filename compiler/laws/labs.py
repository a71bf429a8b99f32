"""Labs: benches that nobody captured. What is made of captures has no place there, what plays at a bench none elsewhere."""

from collections.abc import Iterator
from functools import cache

from compiler.diagnostics.diagnostic import Diagnostic
from compiler.graph.roles import having, trials_of
from compiler.laws.subject import Subject
from compiler.reading.source import SpanPath
from compiler.spec.study import Study
from runtime.bound.footage import SECTIONS
from runtime.bound.lab import LAB, Lab
from runtime.stage import load_stages, providers


def lab_alone(subject: Subject) -> Iterator[Diagnostic]:
    """X528: a target or trials of a study that its labs cannot have, or that need a lab where none is."""
    for name, study in subject.studies():
        asked = list(_asked(study))
        for i, place in subject.places(study):
            spec = subject.project.locations.get(place)
            if spec is None:
                continue
            is_lab = isinstance(spec.source, Lab)
            for path, stage, what in asked:
                if _of_lab(stage) == is_lab or _anywhere(stage):
                    continue
                where = "is a lab, of which nothing was captured" if is_lab else "is no lab"
                message = f"location `{place}` {where}, and {what} cannot be made there"
                fit = ", ".join(f"`{s}`" for s in sorted(load_stages()) if _of_lab(s) and not load_stages()[s].role)
                help = (
                    f"of a lab can be made: {fit}" if is_lab else "give labs a study of their own: `source: {kind: lab, seed: 1}`"
                )
                notes = (subject.note("it is asked for here", "study", name, path),)
                yield subject.at("study", name, ("locations", i), "X528", message, help, notes=notes)
                break


def task_of_a_lab(subject: Subject) -> Iterator[Diagnostic]:
    """X523: a task of a lab that is tried elsewhere, or another one at a lab."""
    for name, study in subject.studies():
        tried = LAB in study.trials
        for i, task in enumerate(study.tasks if study.trials else ()):
            spec = subject.project.tasks.get(task)
            if spec is None or (spec.kind == LAB) == tried:
                continue
            what = "is none of a lab, and the study tries at one" if tried else "is of a lab, and the study tries elsewhere"
            help = "set `kind: lab` and a `deed` in it" if tried else f"set `trials: {{{LAB}: N}}`, at locations that are labs"
            note = subject.note("this is its kind", "task", task, ("kind",))
            yield subject.at("study", name, ("tasks", i), "X523", f"task `{task}` {what}", help, notes=(note,))


def _asked(study: Study) -> Iterator[tuple[SpanPath, str, str]]:
    """Where a study asks for a stage, the stage, and what to call it."""
    for i, target in enumerate(study.targets):
        if target in load_stages():
            yield ("targets", i), target, f"`{target}`"
    offered = {domain for stage in having("trials") for domain in stage.domains}
    for domain in study.trials:
        if domain in offered:
            yield ("trials", domain), trials_of(domain).name, f"trials in `{domain}`"


def _anywhere(name: str) -> bool:
    """Whether a stage reads nothing of the place but the videos that people brought there."""
    return not set(load_stages()[name].bound.values()).isdisjoint(f"location.{part}" for part in SECTIONS)


@cache
def _of_lab(name: str) -> bool:
    """Whether a stage plays at a lab, or reads what does."""
    stage = load_stages()[name]
    makers = (
        providers(port.kind)[0]
        for port in stage.ports
        if port.whose == "own" and port.kind != stage.kind and providers(port.kind)
    )
    return LAB in stage.bound.values() or any(map(_of_lab, makers))
