"""Robots and tasks are in metres: a place whose scale nobody knows can be looked at, and no more."""

from collections.abc import Iterator

from compiler.diagnostics.diagnostic import Diagnostic
from compiler.laws.subject import Subject
from compiler.reading.source import SpanPath


def tasks_need_metres(subject: Subject) -> Iterator[Diagnostic]:
    """X460: a study tries tasks at a location whose capture has no scale."""
    for name, study in subject.studies():
        listed: list[tuple[SpanPath, str]] = [(("locations", i), place) for i, place in subject.places(study)]
        listed += [(("sets", which, i), place) for which, places in study.sets.items() for i, place in enumerate(places)]
        for path, place in listed if study.tasks else ():
            spec = subject.project.locations.get(place)
            if spec is None or spec.source.is_metric:
                continue
            message = f"task `{study.tasks[0]}` is in metres, but the scale of location `{place}` is unknown"
            help = "say in the location what it is measured by (`scale`: markers, a distance, poses in metres, a camera height), "
            help += "state `scale_m_per_unit`, or leave the tasks out"
            notes = (subject.note("its photos and poses alone do not tell", "location", place, ("source",)),)
            yield subject.at("study", name, path, "X460", message, help, notes=notes)
