"""Captures, which live outside the project: known roots, and photos and splats that can be read."""

import os
from collections.abc import Iterator
from pathlib import Path

from compiler.diagnostics.diagnostic import Diagnostic, Note, closest
from compiler.laws.subject import Subject
from runtime.bound.source import HiddenSite
from runtime.capture.inspect import inspect_source
from runtime.problem import InputError

SHOWN = 5
"""Locations that are named one by one where many have the same problem."""


def capture_root(subject: Subject) -> Iterator[Diagnostic]:
    """R206: the root of a capture is not set on this machine, or is no folder.

    Without a study to build it is a warning: specs can be checked where the captures are not.
    """
    roots = subject.project.capture_roots
    users: dict[str, list[str]] = {}
    for name in subject.used("location"):
        source = subject.project.locations[name].source
        if not isinstance(source, HiddenSite) and not (source.root in roots and os.path.isdir(roots[source.root])):
            users.setdefault(source.root, []).append(name)
    for root, (name, *others) in users.items():
        state = _state(roots[root]) if root in roots else "is not set on this machine"
        guess = closest(root, roots) if root not in roots else None
        help = f"set it with `--root {root}=DIR`, or under `roots:` in simkiln.local.yaml"
        help = f"did you mean `{guess}`? {help}" if guess else help
        notes = tuple(subject.note("used here too", "location", n, ("source", "root")) for n in others[:SHOWN])
        if len(others) > SHOWN:
            notes += (Note(f"and by {len(others) - SHOWN} more locations"),)
        message, severity = f"capture root `{root}` {state}", "warning" if subject.only is None else "error"
        yield subject.at("location", name, ("source", "root"), "R206", message, help, notes=notes, severity=severity)


def capture_files(subject: Subject) -> Iterator[Diagnostic]:
    """R210 to R221: what is wrong with a capture, from names and headers of its files."""
    inspect = subject.project.inspect or inspect_source
    for name in subject.used("location"):
        source = subject.project.locations[name].source
        if isinstance(source, HiddenSite):
            continue
        folder = subject.project.source_folder(source)
        try:
            problems = tuple(inspect(source, folder))
        except InputError as error:
            problems = error.problems
        for problem in problems:
            path = tuple(problem.key.split(".")) if problem.key else ("source",)
            whole = subject.project.spans("location", name).get(path) is None
            severity = "warning" if problem.warning else "error"
            yield subject.at("location", name, path, problem.code, problem.message, problem.help, key=whole, severity=severity)


def _state(folder: Path) -> str:
    """Why a root's folder is of no use here."""
    try:
        os.stat(folder)
    except (FileNotFoundError, ValueError):
        return "has a folder that does not exist"
    except OSError as error:
        return f"has a folder that cannot be looked at: {(error.strerror or 'unknown reason').lower()}"
    return "is no folder"
