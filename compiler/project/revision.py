"""A project as it stood at a git revision, in a folder of its own: the work tree is not touched."""

import os
import tempfile
import tomllib
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from compiler.diagnostics.diagnostic import Diagnostic, Span
from compiler.project.git import git
from compiler.project.load import load_project
from compiler.project.project import Project
from compiler.reading.source import MAX_BYTES, unread
from compiler.reading.spec_files import FOLDERS, SUFFIXES
from compiler.shape.words import show
from runtime.files import MOST_FILES
from runtime.libraries import DISTRIBUTION, pinned

WORK_TREE = "."
MOST_BYTES = 256 * 2**20
"""Of all specs of a revision together."""
_NO_FILES = {b"120000": "a link", b"160000": "a submodule"}


class UnreadableRevision(ValueError):
    """The revision is there, but has no specs that can be read."""


@dataclass(frozen=True)
class _Entry:
    """What stands below `specs/` in a tree of git; `path` is relative to it."""

    mode: bytes
    object: bytes
    size: int
    path: str

    @property
    def is_spec(self) -> bool:
        return self.path.endswith(SUFFIXES)


@contextmanager
def at_revision(project: Project, revision: str) -> Generator[Project]:
    """The specs of `revision` with this machine's capture roots, environments and store; `.` is the project itself.

    Stages and back ends are those of the code that runs. Only files below `specs/` are read from git, as they were
    committed: no filter and no attribute changes them. Links and submodules among them are told (R208) and not followed.

    Raises:
        ValueError: when git does not know the revision.
        UnreadableRevision: when it has no specs, or they cannot be read.
    """
    if revision == WORK_TREE:
        yield project
        return
    listed = _listed(project, revision, resolve(project, revision))
    with tempfile.TemporaryDirectory(prefix="simkiln-") as folder:
        root = Path(folder)
        _write(project, revision, [entry for entry in listed if entry.is_spec and entry.mode not in _NO_FILES], root / "specs")
        kept = ("store", "cache", "environments", "other_environments", "code")
        machine = {name: getattr(project, name) for name in kept}
        then = replace(load_project(root, project.capture_roots), **machine, pins=_pins(project, revision))
        for entry in listed:
            if entry.mode in _NO_FILES and entry.is_spec:
                _tell(then, revision, entry)
        yield then


def resolve(project: Project, revision: str) -> str:
    """The commit that a revision names, as 40 hexadecimal digits (or 64).

    Raises:
        ValueError: when git does not know it.
    """
    if revision.startswith("-"):
        raise ValueError(f"git knows no revision `{revision}` here: none begins with `-`")
    found = git(project.root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if found.code == 0:
        return found.out.decode().strip()
    place = git(project.root, "rev-parse", "--git-dir")
    if place.distrusts:
        help = f"if you trust whoever can write there: `git config --global --add safe.directory {project.root}`"
        raise ValueError(f"git does not read this repository, because its folder belongs to somebody else; {help}")
    if place.code:
        raise ValueError("this is no git repository, or git refuses to read it: see what `git status` says")
    raise ValueError(f"git knows no revision `{revision}` here")


def _pins(project: Project, revision: str) -> dict[str, str]:
    """Which versions of libraries a revision of this very code pinned; nothing where specs stand in a project of their own."""
    with suppress(ValueError, TypeError, KeyError, AttributeError, RecursionError):
        table = tomllib.loads((file_at(project, resolve(project, revision), "pyproject.toml") or b"").decode())["project"]
        return pinned(table) if table["name"] == DISTRIBUTION else {}
    return {}


def head(project: Project) -> str | None:
    """The commit that is checked out; None outside of git."""
    try:
        return resolve(project, "HEAD")
    except ValueError:
        return None


def file_at(project: Project, commit: str, name: str) -> bytes | None:
    """A file of a commit as `resolve` gives it, by its path in the project; None when there is none, or it has more than a
    spec may have.

    A symbolic link is not followed: its target is what git gives.
    """
    found = git(project.root, "cat-file", "blob", f"{commit}:./{name}", most=MAX_BYTES)
    return found.out if found.code == 0 and not found.cut else None


def _listed(project: Project, revision: str, commit: str) -> list[_Entry]:
    """All files, links and submodules below `specs/`.

    Raises:
        UnreadableRevision: when there are none, or too many, or `specs/` or a folder in it is no folder.
    """
    top = git(project.root, "ls-tree", "-z", commit, "--", "specs")
    mode, _, rest = top.out.partition(b" ")
    if top.code or not rest:
        raise UnreadableRevision(f"revision `{revision}` has no folder `specs/`")
    if mode != b"040000":
        raise UnreadableRevision(f"in revision `{revision}`, `specs` is {_NO_FILES.get(mode, 'a file')}, not a folder")
    tree = rest.split()[1].decode()
    found = git(project.root, "ls-tree", "-r", "-z", "-l", "--full-tree", tree, most=200 * MOST_FILES)
    entries = list(_entries(found.out))
    if found.cut or len(entries) > MOST_FILES:
        raise UnreadableRevision(f"revision `{revision}` has more than {MOST_FILES:,} files below `specs/`")
    if found.code:
        raise UnreadableRevision(_absent(revision))
    for entry in entries:
        if entry.mode in _NO_FILES and entry.path in FOLDERS.values():
            raise UnreadableRevision(f"in revision `{revision}`, `specs/{entry.path}` is {_NO_FILES[entry.mode]}, not a folder")
    return entries


def _entries(listing: bytes) -> Iterator[_Entry]:
    for line in listing.split(b"\0")[:-1]:
        facts, _, path = line.partition(b"\t")
        mode, _, name, size = facts.split()
        yield _Entry(mode, name, int(size) if size.isdigit() else 0, os.fsdecode(path))


def _write(project: Project, revision: str, entries: list[_Entry], folder: Path) -> None:
    """Write specs as git has them; one that is too large to be read is as large, and empty."""
    small = [entry for entry in entries if entry.size <= MAX_BYTES]
    total = sum(entry.size for entry in small)
    if total > MOST_BYTES:
        raise UnreadableRevision(f"the specs of revision `{revision}` have more than {MOST_BYTES // 2**20} MiB together")
    asked = b"".join(entry.object + b"\n" for entry in small)
    found = git(project.root, "cat-file", "--batch", "--buffer", given=asked, most=total + 200 * len(small))
    contents, at = {}, 0
    for entry in small:
        end = found.out.find(b"\n", at)
        if found.code or found.out[at:end] != b"%s blob %d" % (entry.object, entry.size):
            raise UnreadableRevision(_absent(revision))
        contents[entry.path] = found.out[end + 1 : end + 1 + entry.size]
        at = end + 2 + entry.size
    for entry in entries:
        parts = entry.path.split("/")
        if not {"", ".", ".."}.isdisjoint(parts):
            raise UnreadableRevision(f"revision `{revision}` has a spec with the path {show(entry.path)}")
        try:
            path = folder.joinpath(*parts)
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:
                file.write(contents.get(entry.path, b""))
                file.truncate(entry.size)
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            raise UnreadableRevision(f"{show(entry.path)} of revision `{revision}` cannot be written: {why}") from None


def _tell(then: Project, revision: str, entry: _Entry) -> None:
    """R208 in the place of a spec that is a link or a submodule."""
    name = f"specs/{entry.path}"
    stem = entry.path.rpartition("/")[2].rpartition(".")[0]
    kind = next((k for k, folder in FOLDERS.items() if entry.path.rpartition("/")[0] == folder), "study")
    message = f"{show(name)} is {_NO_FILES[entry.mode]} in revision `{revision}`, and not followed"
    source = unread(Diagnostic("R208", message, Span(name), help="compare with a revision in which it is a file"))
    then.sources.setdefault((kind, stem), source)
    then.diagnostics += source.diagnostics


def _absent(revision: str) -> str:
    help = "in a partial clone, `git fetch --refetch --no-filter` brings them"
    return f"not all objects of revision `{revision}` are here, and nothing is fetched for a plan; {help}"
