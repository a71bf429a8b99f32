"""What a law looks at: a project, and which of its studies count."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from compiler.diagnostic import Diagnostic, Note, Severity, Span
from compiler.load import Project
from compiler.source import SpanPath
from compiler.spec.study import Study

LISTS = {"locations": "location", "tasks": "task", "approaches": "approach", "gates": "gate"}
"""A study's lists of ids -> the kind of spec that they name."""


@dataclass(frozen=True)
class Subject:
    """A project under its laws. `only` names one study to look at; None means all, and every spec."""

    project: Project
    only: str | None = None

    def studies(self) -> Iterator[tuple[str, Study]]:
        """The studies that count, as far as they are in shape."""
        for name, study in self.project.studies.items():
            if self.only in (None, name):
                yield name, study

    def used(self, kind: str) -> list[str]:
        """Ids of the specs of a kind that count and are in shape, sorted."""
        known = self.project.specs(kind)
        if self.only is None:
            return sorted(known)
        study = self.project.studies.get(self.only)
        if study is None:
            return []
        field = next(field for field, of in LISTS.items() if of == kind)
        names = set(getattr(study, field))
        if kind == "approach":
            names = {link for name in names for link in self.chain(name)}
        return sorted(name for name in names if name in known)

    def chain(self, approach: str) -> list[str]:
        """The approach and those that it extends, nearest first; it ends where one is unknown or comes again."""
        links: list[str] = []
        current: str | None = approach
        while current is not None and current not in links:
            links.append(current)
            spec = self.project.approaches.get(current)
            current = spec.extends if spec else None
        return links

    def span(self, kind: str, name: str, path: SpanPath, *, key: bool = False) -> Span:
        """The span at a path of a spec, or the nearest there is."""
        return self.project.spans(kind, name).nearest(path, key=key)

    def at(
        self, kind: str, name: str, path: SpanPath, code: str, message: str, help: str = "", *,
        key: bool = False, notes: tuple[Note, ...] = (), severity: Severity = "error",
    ) -> Diagnostic:  # fmt: skip
        """A diagnostic at a path of a spec."""
        return Diagnostic(code, message, self.span(kind, name, path, key=key), notes, help, severity)


Law = Callable[[Subject], Iterator[Diagnostic]]
