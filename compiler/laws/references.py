"""Names that specs give to each other."""

from collections.abc import Iterator

from compiler.diagnostics.diagnostic import Diagnostic, Fix, did_you_mean, same_id
from compiler.laws.subject import LISTS, Subject, texts
from compiler.reading.spec_files import FOLDERS
from compiler.shape.sections import unknown_stage
from compiler.spec.base import is_id
from runtime.stage import load_stages


def unknown_reference(subject: Subject) -> Iterator[Diagnostic]:
    """R201: a study, an approach or a gate names a spec for which there is no file."""
    for name, study in subject.written("study"):
        for field, kind in LISTS.items():
            for i, wanted in texts(study, field):
                yield from _unknown(subject, ("study", name), (field, i), kind, wanted)
        sets = study.get("sets")
        for which, listed in (sets if isinstance(sets, dict) else {}).items():
            for i, wanted in texts({"sets": listed}, "sets"):
                yield from _unknown(subject, ("study", name), ("sets", which, i), "location", wanted)
        yield from _unknown(subject, ("study", name), ("incremental_over",), "study", study.get("incremental_over"))
    for kind, field in (("approach", "extends"), ("gate", "approach")):
        for name, spec in subject.written(kind):
            yield from _unknown(subject, (kind, name), (field,), "approach", spec.get(field))
    for name, spec in subject.written("approach"):
        row = spec.get("row")
        if isinstance(row, dict):
            yield from _unknown(subject, ("approach", name), ("row", "substitute"), "approach", row.get("substitute"))


def unknown_stage_named(subject: Subject) -> Iterator[Diagnostic]:
    """R204: a target or a gate names a stage that does not exist."""
    stages = load_stages()
    for name, study in subject.written("study"):
        for i, target in texts(study, "targets"):
            if target not in stages:
                yield unknown_stage(target, subject.project.source("study", name), ("targets", i))
    for name, gate in subject.written("gate"):
        stage = gate.get("stage")
        if isinstance(stage, str) and stage not in stages:
            yield unknown_stage(stage, subject.project.source("gate", name), ("stage",), key=False)


def listed_twice(subject: Subject) -> Iterator[Diagnostic]:
    """R202: a study lists an id twice."""
    for name, study in subject.written("study"):
        sets = study.get("sets")
        named = sets if isinstance(sets, dict) else {}
        lists = [((field,), study) for field in (*LISTS, "targets")] + [(("sets", which), named) for which in named]
        for path, within in lists:
            first: dict[str, int] = {}
            for i, wanted in texts(within, path[-1]):
                if wanted in first:
                    note = subject.note("the first one is here", "study", name, (*path, first[wanted]))
                    message = f"`{wanted}` is listed twice in `{path[-1]}`"
                    help = "remove one of the two"
                    yield subject.at("study", name, (*path, i), "R202", message, help, notes=(note,), fix=Fix("remove"))
                first.setdefault(wanted, i)


def extends_cycle(subject: Subject) -> Iterator[Diagnostic]:
    """R203: approaches extend each other in a circle. Every member says the same, so it is said once."""
    approaches = subject.project.approaches
    for name in subject.used("approach"):
        links = subject.chain(name)
        last = approaches.get(links[-1])
        if last is None or last.extends is None or last.extends not in links:
            continue
        circle = links[links.index(last.extends) :]
        start = circle.index(min(circle))
        circle = circle[start:] + circle[:start]
        shown = " -> ".join(f"`{link}`" for link in [*circle, circle[0]])
        message = f"`extends` goes in a circle: {shown}" if len(circle) > 1 else f"approach `{circle[0]}` extends itself"
        notes = tuple(
            subject.note(f"`{link}` extends `{approaches[link].extends}` here", "approach", link, ("extends",))
            for link in circle[1:]
        )
        help = "remove `extends` from the one that is to be the root"
        yield subject.at("approach", circle[0], ("extends",), "R203", message, help, notes=notes)


def _unknown(
    subject: Subject, where: tuple[str, str], path: tuple[str | int, ...], kind: str, wanted: object
) -> Iterator[Diagnostic]:
    if isinstance(wanted, str) and (kind, wanted) not in subject.project.sources and is_id(wanted):
        known = subject.project.ids(kind)
        help, fix = did_you_mean(wanted, known, FOLDERS[kind]), same_id(wanted, known)
        yield subject.at(*where, path, "R201", f"unknown {kind} `{wanted}`", help, fix=fix)
