"""A project: every spec below `specs/`, read and held against its model."""

import os
from collections.abc import Collection, Iterator, Mapping
from functools import partial
from pathlib import Path

from compiler.diagnostics.diagnostic import Diagnostic, Note, Span
from compiler.project.arms import add_arms
from compiler.project.collector import without_gc
from compiler.project.deferred import Deferred
from compiler.project.held import Held, Read
from compiler.project.local_file import believed, foreign_store
from compiler.project.project import LOCAL_FILE, MODELS, Project
from compiler.project.standing import add_standing
from compiler.reading.source import Source, read_bytes, read_source, unread
from compiler.reading.spec_cache import SpecCache
from compiler.reading.spec_files import spec_names
from compiler.shape.sections import check_sections
from compiler.shape.validate import validate
from compiler.shape.words import ID_HELP, show
from compiler.spec.base import is_id
from compiler.spec.local import Local
from runtime.problem import legible


def load_project(
    root: Path,
    roots: Mapping[str, Path] | None = None,
    overlay: Mapping[str, str] | None = None,
    held: Held | None = None,
    later: Collection[str] = (),
) -> Project:
    """Read every spec of the project in `root`. Mistakes are in the result's `diagnostics`; nothing is raised for them.

    Args:
        root: the folder that holds `specs/`.
        roots: capture roots given on the command line; they win over `simkiln.local.yaml`.
        overlay: texts to read instead of files, by path below `root`: what an editor has not saved yet.
        held: what was read before; it is kept up to date.
        later: files of locations that are known to be without fault; they are read when they are asked for.
    """
    root = Path(os.path.abspath(root))
    project = Project(
        root,
        store=root / "store",
        cache=root / "build" / "cache" / "digests",
        other_environments=root / ".envs",
        given_roots=dict(roots or {}),
    )
    read_local(project)
    texts = SpecCache(root / "build" / "cache" / "specs.json")
    if later:
        project.sources, project.locations = Deferred(), Deferred()
    with without_gc():
        for kind, name, path in _spec_files(project, overlay or {}):
            if path in later and isinstance(project.sources, Deferred) and isinstance(project.locations, Deferred):
                project.sources.defer((kind, name), partial(_read_later, project, path))
                project.locations.defer(name, partial(_spec_later, project, name))
            else:
                _read_spec(project, kind, name, path, overlay or {}, texts, held)
    if not later:  # or those that were not read would be forgotten
        texts.save()
    add_arms(project)
    add_standing(project)
    if not project.sources and not project.diagnostics:
        help = "call simkiln in a folder that holds `specs/`"
        project.diagnostics.append(Diagnostic("Y115", "there are no specs here", Span("specs"), help=help))
    return project


def _spec_files(project: Project, overlay: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Kind, id and name below the root of each spec file; what lies outside is reported and left out."""
    inside = os.path.realpath(project.root)
    for kind, name, linked in spec_names(project.root, overlay):
        if name.endswith("/"):  # an error, or who asks what no study needs any more would hear: all of it
            help = "make it a folder that you may read"
            project.diagnostics.append(Diagnostic("Y115", "the folder cannot be read", Span(name[:-1]), help=help))
            continue
        stem = name.rpartition("/")[2].rpartition(".")[0]
        if linked and not Path(os.path.realpath(project.root / name)).is_relative_to(inside):
            message, help = f"{show(name)} is a link that leaves the project", "copy the file into the project"
            source = project.sources[kind, stem] = unread(Diagnostic("R208", message, Span(name), help=help))
            project.diagnostics += source.diagnostics
        elif not is_id(stem):
            project.diagnostics.append(
                Diagnostic("S108", f"file name {show(legible(stem))} is not an id", Span(name), help=ID_HELP)
            )
        else:
            yield kind, stem, name


def _read_spec(
    project: Project, kind: str, name: str, shown: str, overlay: Mapping[str, str], values: SpecCache, held: Held | None
) -> None:
    earlier = project.sources.get((kind, name))
    if earlier is not None:
        other = Note(f"the other one is `{earlier.name}`", Span(earlier.name))
        message, help = f"{kind} `{name}` stands in two files", "rename or remove one of them"
        project.diagnostics.append(Diagnostic("R207", message, Span(shown), (other,), help))
        return
    text = overlay.get(shown)

    def anew() -> Read:
        return _read(kind, _source(os.path.join(project.root, shown), shown, text, values))

    read = held.read(project.root, shown, text, anew) if held is not None else anew()
    project.sources[kind, name] = read.source
    project.diagnostics += [*read.source.diagnostics, *read.wrong]
    if read.spec is not None:
        project.specs(kind)[name] = read.spec


def _read(kind: str, source: Source) -> Read:
    if source.value is None:
        return Read(source, None, [])
    spec, wrong = validate(MODELS[kind], source)
    wrong = _without_consequences(wrong + check_sections(source), source)
    return Read(source, spec if not wrong and source.readable else None, wrong)


def _read_later(project: Project, path: str) -> Source:
    return read_source(project.root / path, path)


def _spec_later(project: Project, name: str) -> object:
    spec, _ = validate(MODELS["location"], project.sources["location", name])
    if spec is None:
        raise OSError(f"the spec of location `{name}` changed while it was read: call again")
    return spec


def _source(path: str, shown: str, text: str | None, values: SpecCache) -> Source:
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
    path, source = project.root / LOCAL_FILE, None
    if path.exists():
        source = read_source(path, LOCAL_FILE)
        local, wrong = validate(Local, source) if source.value is not None else (None, [])
        project.diagnostics += [d for d in source.diagnostics if d.code != "Y114"] + wrong
        if local is not None and believed(project, source):
            project.capture_roots = {name: project.root / os.path.expanduser(at) for name, at in local.roots.items()}
            project.environments = {name: project.root / os.path.expanduser(at) for name, at in local.environments.items()}
            project.store = project.root / os.path.expanduser(local.store or "store")
            project.code = local.code
    project.diagnostics += foreign_store(project, source)
    project.capture_roots |= {name: Path(os.path.abspath(folder)) for name, folder in project.given_roots.items()}
