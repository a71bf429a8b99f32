"""What a law looks at: a project, and which of its studies count."""

from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from pydantic import JsonValue

from compiler.diagnostics.diagnostic import Diagnostic, Fix, Note, Severity, Span
from compiler.project.project import Project
from compiler.reading.source import SpanPath
from compiler.reading.spec_files import FOLDERS
from compiler.spec.approach import Approach
from compiler.spec.study import Study

LISTS = {field: kind for kind, field in FOLDERS.items() if kind != "study"}
"""A study's lists of ids -> the kind of spec that they name."""


def utc_day() -> date:
    """The day that it is, the same wherever it is asked."""
    return datetime.now(UTC).date()


@dataclass(frozen=True)
class Subject:
    """A project under its laws. `only` names one study to look at; None means all, and every spec. `today` is the day
    that dates in specs are held against."""

    project: Project
    only: str | None = None
    today: date = field(default_factory=utc_day)

    def studies(self) -> Iterator[tuple[str, Study]]:
        """The studies that count, as far as they are in shape."""
        for name, study in self.project.studies.items():
            if self.only in (None, name):
                yield name, study

    def used(self, kind: str) -> list[str]:
        """Ids of the specs of a kind that count and are in shape, sorted; without locations known to be without fault."""
        known, fine = self.project.specs(kind), self.settled if kind == "location" else ()
        return sorted(known if self.only is None else (x for x in self.named(kind) if x in known and x not in fine))

    @property
    def settled(self) -> Container[str]:
        """Locations that an earlier check of the one study found without fault, by themselves and with what all share."""
        return self.project.settled.get(self.only or "", ())

    def places(self, study: Study) -> Iterator[tuple[int, str]]:
        """The locations of a study that have to be looked at one by one, with their place in its list."""
        return ((i, place) for i, place in enumerate(study.locations) if place not in self.settled)

    def written(self, kind: str) -> Iterator[tuple[str, dict[str, JsonValue]]]:
        """Id and plain value of the files of a kind that count, also of those that are out of shape."""
        named = [self.only] if kind == "study" and self.only else None
        if named is None:
            named = self.project.ids(kind) if self.only is None else self.named(kind)
        for name in named:
            source = self.project.sources.get((kind, name))
            if source is not None and isinstance(source.value, dict):
                yield name, source.value

    def named(self, kind: str) -> list[str]:
        """Ids of a kind that the one study names, and those that they extend."""
        named = [x for _, study in self.written("study") for _, x in texts(study, FOLDERS[kind])]
        if kind == "location":
            sets = (found for _, study in self.written("study") if isinstance(found := study.get("sets"), dict))
            named += [x for listed in sets for which in listed for _, x in texts(listed, which)]
        if kind == "approach":
            named = [link for name in named for link in self.chain(name)]
            named += [arm for arm, approach in self.project.arms.items() if approach in named]
        return list(dict.fromkeys(named))

    def chain(self, approach: str) -> list[str]:
        """The approach and those that it extends, nearest first; it ends where one is unknown or comes again."""
        links: list[str] = []
        current: str | None = approach
        while current is not None and current not in links:
            links.append(current)
            spec = self.project.approaches.get(current)
            current = spec.extends if spec else self._extends(current)
        return links

    def in_shape(self, approach: str) -> bool:
        """Whether the approach and all that it extends are there and in shape."""
        return all(link in self.project.approaches for link in self.chain(approach))

    def may_be_arm(self, approach: str, study: Study) -> bool:
        """Whether an approach could be an arm of one that the study lists and that is out of shape: none can be told then."""
        base, _, arm = approach.partition("~")
        return bool(arm) and study.controls and base in study.approaches and base not in self.project.approaches

    def approaches(self) -> Iterator[tuple[str, Study, SpanPath, str, Approach]]:
        """Of every approach in shape that a study lists: the study's id, the study, the place there, the id, the approach."""
        for name, study in self.studies():
            for i, approach in enumerate(study.approaches):
                if approach in self.project.approaches:
                    yield name, study, ("approaches", i), approach, self.project.approaches[approach]

    def _extends(self, approach: str) -> str | None:
        """What an approach that is out of shape extends, if that can be told."""
        source = self.project.sources.get(("approach", approach))
        found = source.value.get("extends") if source is not None and isinstance(source.value, dict) else None
        return found if isinstance(found, str) else None

    def span(self, kind: str, name: str, path: SpanPath, *, key: bool = False) -> Span:
        """The span at a path of a spec, or the nearest there is."""
        return self.project.spans(kind, name).nearest(path, key=key)

    def note(self, text: str, kind: str, name: str, path: SpanPath) -> Note:
        """A further fact, with the place in a spec where it stands."""
        return Note(text, self.span(kind, name, path))

    def at(
        self,
        kind: str,
        name: str,
        path: SpanPath,
        code: str,
        message: str,
        help: str = "",
        *,
        key: bool = False,
        notes: tuple[Note, ...] = (),
        severity: Severity = "error",
        fix: Fix | None = None,
    ) -> Diagnostic:
        """A diagnostic at a path of a spec."""
        return Diagnostic(code, message, self.span(kind, name, path, key=key), notes, help, severity, fix)


def texts(value: Mapping[str, object], field: str) -> Iterator[tuple[int, str]]:
    """The texts in a list under a key, with their places; nothing where there is no list."""
    items = value.get(field)
    for i, item in enumerate(items if isinstance(items, list) else []):
        if isinstance(item, str):
            yield i, item


Law = Callable[[Subject], Iterator[Diagnostic]]
