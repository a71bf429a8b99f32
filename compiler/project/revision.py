"""A project as it stood at a git revision, in a folder of its own: the work tree is not touched."""

import io
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from compiler.project.load import load_project
from compiler.project.project import Project

WORK_TREE = "."


class UnreadableRevision(ValueError):
    """The revision is there, but has no specs that can be read."""


@contextmanager
def at_revision(project: Project, revision: str) -> Generator[Project]:
    """The specs of `revision` with this machine's capture roots, environments and store; `.` is the project itself.

    Stages and back ends are those of the code that runs. Only files below `specs/` are read from git, and links among
    them that leave the folder are refused.

    Raises:
        ValueError: when git does not know the revision.
        UnreadableRevision: when it has no specs, or they cannot be unpacked.
    """
    if revision == WORK_TREE:
        yield project
        return
    packed = _git(project, "archive", "--format=tar", resolve(project, revision), "specs")
    if packed is None:
        raise UnreadableRevision(f"revision `{revision}` has no folder `specs/`")
    with tempfile.TemporaryDirectory(prefix="simkiln-") as folder:
        root = Path(folder)
        try:
            with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
                archive.extractall(root, filter="data")
        except tarfile.TarError as error:
            raise UnreadableRevision(f"the specs of revision `{revision}` cannot be read: {error}") from None
        if project.cache.is_file():
            (root / project.cache.relative_to(project.root)).parent.mkdir(parents=True)
            shutil.copyfile(project.cache, root / project.cache.relative_to(project.root))
        machine = {name: getattr(project, name) for name in ("store", "environments", "other_environments")}
        yield replace(load_project(root, project.capture_roots), **machine)


def resolve(project: Project, revision: str) -> str:
    """The commit that a revision names, as 40 hexadecimal digits (or 64).

    Raises:
        ValueError: when git does not know it.
    """
    commit = _git(project, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if commit is None and _git(project, "rev-parse", "--git-dir") is None:
        raise ValueError("this is no git repository, or git refuses to read it: see what `git status` says")
    if commit is None:
        raise ValueError(f"git knows no revision `{revision}` here")
    return commit.decode().strip()


def head(project: Project) -> str | None:
    """The commit that is checked out; None outside of git."""
    try:
        return resolve(project, "HEAD")
    except ValueError:
        return None


def file_at(project: Project, commit: str, name: str) -> bytes | None:
    """A file of a commit as `resolve` gives it, by its path in the project; None when there is none.

    A symbolic link is not followed: its target is what git gives.
    """
    return _git(project, "cat-file", "blob", f"{commit}:./{name}")


def _git(project: Project, *words: str) -> bytes | None:
    """What git prints, None when it fails."""
    try:
        done = subprocess.run(["git", *words], cwd=project.root, capture_output=True, check=False)
    except FileNotFoundError:
        raise ValueError("git is not installed here, and revisions need it") from None
    return done.stdout if done.returncode == 0 else None
