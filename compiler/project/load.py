"""A project: every spec below `specs/`, read and held against its model."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from compiler.diagnostics.diagnostic import Diagnostic, Note, Span
from compiler.project.collector import without_gc
from compiler.reading.source import MAX_BYTES, Source, Spans, read_bytes, read_source, split_lines
from compiler.reading.spec_cache import SpecCache
from compiler.reading.spec_files import spec_names
from compiler.shape.sections import check_sections
from compiler.shape.validate import validate
from compiler.shape.words import ID_HELP, show
from compiler.spec.approach import Approach
from compiler.spec.base import Spec, is_id
from compiler.spec.gate import Gate
from compiler.spec.local import Local
from compiler.spec.location import Location
from compiler.spec.study import Study
from compiler.spec.task import Task
from runtime.capture import files

MODELS: dict[str, type[Spec] | type[Task] | type[Gate]] = {
    "location": Location,
    "task": Task,
    "approach": Approach,
    "gate": Gate,
    "study": Study,
}
LOCAL_FILE = "simkiln.local.yaml"


@dataclass
class Project:
    """What people wrote, typed. A spec that is out of shape is in `sources` but not among the models.

    `capture_roots` maps a root's name to its folder on this machine; `store` is where artifacts live.
    """

    root: Path
    locations: dict[str, Location] = field(default_factory=dict)
    tasks: dict[str, Task] = field(default_factory=dict)
    approaches: dict[str, Approach] = field(default_factory=dict)
    gates: dict[str, Gate] = field(default_factory=dict)
    studies: dict[str, Study] = field(default_factory=dict)
    sources: dict[tuple[str, str], Source] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    capture_roots: dict[str, Path] = field(default_factory=dict)
    environments: dict[str, Path] = field(default_factory=dict)
    """Environment -> its Python, or the folder of it, as this machine's file says."""
    other_environments: Path = Path(".envs")
    """The folder of environments that it does not name."""
    store: Path = Path("store")
    graphs: dict[str, Any] = field(default_factory=dict)
    """Study -> its nodes, once they were expanded."""
    given_roots: dict[str, Path] = field(default_factory=dict)
    """Capture roots from the command line or the environment, which win over this machine's file."""

    def specs(self, kind: str) -> Mapping[str, Any]:
        """The specs of a kind (`location`, `task`, `approach`, `gate`, `study`) by id."""
        by_kind: dict[str, Mapping[str, Any]] = {
            "location": self.locations,
            "task": self.tasks,
            "approach": self.approaches,
            "gate": self.gates,
            "study": self.studies,
        }
        return by_kind[kind]

    def ids(self, kind: str) -> list[str]:
        """Ids of all files of a kind, also of those that are out of shape."""
        return self._ids.get(kind, [])

    def source(self, kind: str, name: str) -> Source:
        """The file of a spec."""
        return self.sources[kind, name]

    def spans(self, kind: str, name: str) -> Spans:
        """Spans of the values of a spec, by path."""
        return self.sources[kind, name].spans

    @cached_property
    def _ids(self) -> dict[str, list[str]]:
        ids: dict[str, list[str]] = {}
        for kind, name in sorted(self.sources):
            ids.setdefault(kind, []).append(name)
        return ids

    @cached_property
    def _by_file(self) -> dict[str, Source]:
        return {source.name: source for source in reversed(self.sources.values())}

    @property
    def cache(self) -> Path:
        """Where digests of photos are remembered."""
        return self.root / "build" / "digests.json"

    def source_folder(self, source: Any) -> Path | None:
        """The capture folder (or PLY file) of a location's source; None for a hidden site or an unknown root."""
        root = self.capture_roots.get(getattr(source, "root", ""))
        return files.locate(source, root) if root is not None else None

    def lines(self, name: str) -> list[str] | None:
        """The lines of a file that diagnostics name, for showing them."""
        source = self._by_file.get(name)
        if source is not None:
            return source.lines
        try:
            if not (self.root / name).is_file():  # a pipe would be waited for
                return None
            with (self.root / name).open("rb") as file:
                return split_lines(file.read(MAX_BYTES).decode("utf-8-sig", errors="replace"))
        except (OSError, ValueError):
            return None


def load_project(root: Path, roots: Mapping[str, Path] | None = None, overlay: Mapping[str, str] | None = None) -> Project:
    """Read every spec of the project in `root`. Mistakes are in the result's `diagnostics`; nothing is raised for them.

    Args:
        root: the folder that holds `specs/`.
        roots: capture roots given on the command line; they win over `simkiln.local.yaml`.
        overlay: texts to read instead of files, by path below `root`: what an editor has not saved yet.
    """
    root = Path(os.path.abspath(root))
    project = Project(root, store=root / "store", other_environments=root / ".envs", given_roots=dict(roots or {}))
    read_local(project)
    texts = SpecCache(root / "build" / "cache" / "specs.json")
    with without_gc():
        for kind, name, path in _spec_files(project, overlay or {}):
            _read_spec(project, kind, name, path, overlay or {}, texts)
    texts.save()
    if not project.sources and not project.diagnostics:
        missing = Diagnostic(
            "Y115", "there are no specs here", Span("specs"), help="call simkiln in a folder that holds `specs/`"
        )
        project.diagnostics.append(missing)
    return project


def _spec_files(project: Project, overlay: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Kind, id and name below the root of each spec file; what lies outside is reported and left out."""
    inside = os.path.realpath(project.root)
    for kind, name, linked in spec_names(project.root, overlay):
        stem = name.rpartition("/")[2].rpartition(".")[0]
        if linked and not Path(os.path.realpath(project.root / name)).is_relative_to(inside):
            problem = Diagnostic(
                "R208", f"{show(name)} is a link that leaves the project", Span(name), help="copy the file into the project"
            )
            project.sources[kind, stem] = Source(name, "", None, (problem,))
            project.diagnostics.append(problem)
        elif not is_id(stem):
            problem = Diagnostic("S108", f"file name {show(stem)} is not an id", Span(name), help=ID_HELP)
            project.diagnostics.append(problem)
        else:
            yield kind, stem, name


def _read_spec(project: Project, kind: str, name: str, shown: str, overlay: Mapping[str, str], values: SpecCache) -> None:
    earlier = project.sources.get((kind, name))
    if earlier is not None:
        problem = Diagnostic(
            "R207",
            f"{kind} `{name}` stands in two files",
            Span(shown),
            (Note(f"the other one is `{earlier.name}`", Span(earlier.name)),),
            "rename or remove one of them",
        )
        project.diagnostics.append(problem)
        return
    source = _source(project.root / shown, shown, overlay.get(shown), values)
    project.sources[kind, name] = source
    project.diagnostics += source.diagnostics
    if source.value is None:
        return
    spec, wrong = validate(MODELS[kind], source)
    wrong = _without_consequences(wrong + check_sections(source), source)
    project.diagnostics += wrong
    if spec is not None and not wrong and source.readable:
        project.specs(kind)[name] = spec  # ty: ignore[invalid-assignment]


def _source(path: Path, shown: str, text: str | None, values: SpecCache) -> Source:
    """A file as read; from its text when an editor holds a newer one."""
    if text is not None:
        return read_source(text, shown)
    data = read_bytes(path, shown)
    if isinstance(data, Source):
        return data
    value = values.get(data)
    if value is not None:
        return Source(shown, data.decode("utf-8-sig"), value)
    source = read_source(data, shown)
    if source.readable and source.value is not None:
        values.put(data, source.value)
    return source


def _without_consequences(wrong: list[Diagnostic], source: Source) -> list[Diagnostic]:
    """What is not merely the consequence of text that reading refused: one diagnostic for each mistake."""
    refused = [d for d in source.diagnostics if d.code != "Y102"]
    lines = {line for d in refused for line in range(d.span.line, d.span.end_line + 1)}
    return [d for d in wrong if d.span.line not in lines and not (refused and d.code == "S102")]


def read_local(project: Project) -> None:
    """What belongs to this machine; mistakes go to the project's diagnostics."""
    path = project.root / LOCAL_FILE
    if path.exists():
        source = read_source(path, LOCAL_FILE)
        local, wrong = validate(Local, source) if source.value is not None else (None, [])
        project.diagnostics += [d for d in source.diagnostics if d.code != "Y114"] + wrong
        if local is not None:
            project.capture_roots = {name: project.root / folder for name, folder in local.roots.items()}
            project.environments = {name: project.root / os.path.expanduser(at) for name, at in local.environments.items()}
            project.store = project.root / (local.store or "store")
    project.capture_roots |= {name: Path(os.path.abspath(folder)) for name, folder in project.given_roots.items()}
