"""Captures, which live outside the project: known roots, and photos and splats that can be read."""

import os
from collections.abc import Iterator
from pathlib import Path

from compiler.diagnostics.diagnostic import Diagnostic, Note, closest
from compiler.laws.backends import forbids_sale
from compiler.laws.subject import Subject
from compiler.reading.source import SpanPath
from compiler.spec.location import Location
from runtime.assets.files import inspect_asset
from runtime.bound.source import WITHOUT_FILES
from runtime.capture.inspect import inspect_source
from runtime.checkpoints.files import inspect_policy
from runtime.problem import InputError
from runtime.robots.files import inspect_robot
from runtime.sim.parts.robot_file import posed
from runtime.sim.parts.so101 import SO101

SHOWN = 5
"""Locations that are named one by one where many have the same problem."""


def capture_root(subject: Subject) -> Iterator[Diagnostic]:
    """R206: the root of a capture is not set on this machine, or is no folder.

    Without a study to build it is a warning: specs can be checked where the captures are not.
    """
    roots = subject.project.capture_roots
    users: dict[str, list[tuple[str, SpanPath]]] = {}
    for name in subject.used("location"):
        for root, path in _roots(subject.project.locations[name]):
            if not (root in roots and os.path.isdir(roots[root])):
                users.setdefault(root, []).append((name, path))
    for root, ((name, path), *others) in users.items():
        state = _state(roots[root]) if root in roots else "is not set on this machine"
        guess = closest(root, roots) if root not in roots else None
        help = f"set it with `--root {root}=DIR`, or under `roots:` in simkiln.local.yaml"
        help = f"did you mean `{guess}`? {help}" if guess else help
        notes = tuple(subject.note("used here too", "location", n, there) for n, there in others[:SHOWN])
        if len(others) > SHOWN:
            notes += (Note(f"and by {len(others) - SHOWN} more locations"),)
        message, severity = f"capture root `{root}` {state}", "warning" if subject.only is None else "error"
        yield subject.at("location", name, path, "R206", message, help, notes=notes, severity=severity)


def capture_files(subject: Subject) -> Iterator[Diagnostic]:
    """R210 to R221: what is wrong with a capture, from names and headers of its files."""
    inspect = subject.project.inspect or inspect_source
    for name in subject.used("location"):
        source = subject.project.locations[name].source
        if isinstance(source, WITHOUT_FILES):
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


def asset_files(subject: Subject) -> Iterator[Diagnostic]:
    """R210, R218, R220, R222: what is wrong with an asset, from names and first bytes of its files."""
    for name in subject.used("location"):
        for key, asset in subject.project.locations[name].assets.items():
            for problem in inspect_asset(asset, f"assets.{key}", subject.project.asset_root(asset)):
                path = tuple(problem.key.split("."))
                yield subject.at("location", name, path, problem.code, problem.message, problem.help)


def asset_licence(subject: Subject) -> Iterator[Diagnostic]:
    """B303: `use: commercial` with an asset whose licence forbids it."""
    for name, study in subject.studies():
        for _, place in subject.places(study) if study.use == "commercial" else ():
            spec = subject.project.locations.get(place)
            for key, asset in spec.assets.items() if spec else ():
                if forbids_sale(asset.licence):
                    message = f"asset `{key}` has licence `{asset.licence}`, which forbids commercial use"
                    notes = (subject.note("the study is for commercial use", "study", name, ("use",)),)
                    help = "use another model, or set `use: research`"
                    yield subject.at("location", place, ("assets", key, "licence"), "B303", message, help, notes=notes)


def _roots(location: Location) -> Iterator[tuple[str, SpanPath]]:
    """The roots that a location names, and where."""
    if not isinstance(location.source, WITHOUT_FILES):
        yield location.source.root, ("source", "root")
    for key, asset in location.assets.items():
        if asset.root is not None:
            yield asset.root, ("assets", key, "root")


def robot_files(subject: Subject) -> Iterator[Diagnostic]:
    """R206, R210, R218, R220, R246 to R249: what is wrong with a study's robot, from its XML and the heads of its meshes."""
    for name, study in subject.studies():
        if study.robot is None:
            continue
        yield from root_of(subject, "study", name, ("robot", "root"), study.robot.root)
        for problem in inspect_robot(study.robot, subject.project.root_folder(study.robot.root)):
            yield subject.at("study", name, tuple(problem.key.split(".")), problem.code, problem.message, problem.help)


def policy_files(subject: Subject) -> Iterator[Diagnostic]:
    """R206, R210, R218, R281 to R284: what is wrong with an approach's checkpoint, from its JSON and heads of safetensors."""
    for name in subject.used("approach"):
        said = subject.project.approaches[name].policy
        if said is not None and name not in subject.project.arms:
            yield from root_of(subject, "approach", name, ("policy", "root"), said.root)
            root, studies = subject.project.root_folder(said.root), [study for _, study in subject.studies()]
            used = [one for one in studies if any(name in subject.chain(approach) for approach in one.approaches)]
            robots = [SO101 if one is None else posed(one) for one in {study.robot for study in used} or {None}]
            for problem in dict.fromkeys(p for robot in robots for p in inspect_policy(said, root, robot)):
                yield subject.at("approach", name, tuple(problem.key.split(".")), problem.code, problem.message, problem.help)


def root_of(subject: Subject, kind: str, name: str, path: SpanPath, root: str) -> Iterator[Diagnostic]:
    """R206: a root is not set on this machine; without a study to build it is a warning."""
    if subject.project.root_folder(root) is None:
        message, help = f"root `{root}` is not set on this machine", f"set it with `--root {root}=DIR`"
        severity = "warning" if subject.only is None else "error"
        yield subject.at(kind, name, path, "R206", message, help, severity=severity)


def _state(folder: Path) -> str:
    """Why a root's folder is of no use here."""
    try:
        os.stat(folder)
    except (FileNotFoundError, ValueError):
        return "has a folder that does not exist"
    except OSError as error:
        return f"has a folder that cannot be looked at: {(error.strerror or 'unknown reason').lower()}"
    return "is no folder"
