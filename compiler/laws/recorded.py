"""Demos that people recorded: whether they can be read, fit the robot, and may be used."""

from collections.abc import Iterator

from compiler.diagnostics.diagnostic import Diagnostic
from compiler.graph.graph import Graph
from compiler.laws.backends import forbids_sale
from compiler.laws.subject import Subject
from compiler.spec.study import Study
from runtime.bound.dataset import Dataset
from runtime.recorded.files import inspect_dataset
from runtime.sim.parts.robot import Robot
from runtime.sim.parts.robot_file import posed
from runtime.sim.parts.so101 import SO101

KINDS = ("location", "task")


def dataset_root(subject: Subject) -> Iterator[Diagnostic]:
    """R206: the root of a dataset is not set on this machine; without a study to build it is a warning."""
    for kind, name, said in _said(subject):
        if subject.project.root_folder(said.root) is None:
            message, help = f"root `{said.root}` is not set on this machine", f"set it with `--root {said.root}=DIR`"
            severity = "warning" if subject.only is None else "error"
            yield subject.at(kind, name, ("data", "root"), "R206", message, help, severity=severity)


def dataset_files(subject: Subject) -> Iterator[Diagnostic]:
    """R210, R218, R330 to R338: what is wrong with a dataset, from names, dates and JSON of its files."""
    for kind, name, said in _said(subject):
        told: set[tuple[str, str]] = set()
        for robot in _robots(subject, kind, name):
            for problem in inspect_dataset(said, subject.project.root_folder(said.root), robot):
                if (problem.code, problem.message) not in told:
                    told.add((problem.code, problem.message))
                    severity = "warning" if problem.warning else "error"
                    path = tuple(problem.key.split("."))
                    yield subject.at(kind, name, path, problem.code, problem.message, problem.help, severity=severity)


def dataset_licence(subject: Subject) -> Iterator[Diagnostic]:
    """B303: `use: commercial` with a dataset whose licence forbids it."""
    for name, study in subject.studies():
        for kind, spec, said in _of_study(subject, study) if study.use == "commercial" else ():
            if said.licence and forbids_sale(said.licence):
                message = f"the dataset `{said.path}` has licence `{said.licence}`, which forbids commercial use"
                notes = (subject.note("the study is for commercial use", "study", name, ("use",)),)
                help = "use other demos, or set `use: research`"
                yield subject.at(kind, spec, ("data", "licence"), "B303", message, help, notes=notes)


def new_recordings(subject: Subject) -> Iterator[Diagnostic]:
    """X462: recorded demos that may be new, in a study that rules out new real data."""
    for name, study in subject.studies():
        since = study.constraints.new_since
        for kind, spec, said in _of_study(subject, study) if study.constraints.no_new_real_data else ():
            notes = (subject.note("the constraint is here", "study", name, ("constraints", "no_new_real_data")),)
            if said.recorded_before is None:
                message = f"the dataset `{said.path}` does not say when it was recorded, and the study rules out new real data"
                help = "say `recorded_before:` a day in `data`, or lift `no_new_real_data`"
                yield subject.at(kind, spec, ("data", "path"), "X462", message, help, notes=notes)
            elif said.recorded_before > (since or subject.today):
                first = f"{since}, from which on recordings are new" if since else f"today ({subject.today})"
                message = f"the dataset `{said.path}` was recorded before {said.recorded_before}, which may be after {first}"
                if since:
                    notes += (subject.note("that day is here", "study", name, ("constraints", "new_since")),)
                help = "state an earlier day if that is true, leave the data out, or lift `no_new_real_data`"
                yield subject.at(kind, spec, ("data", "recorded_before"), "X462", message, help, notes=notes)


def absent_data(subject: Subject, name: str, graph: Graph) -> Iterator[Diagnostic]:
    """X463: an approach reads recorded demos where no dataset is named."""
    told: set[tuple[str | None, str | None]] = set()
    for node in graph.nodes.values():
        field = next((field for field, source in node.stage.bound.items() if source == "data"), None)
        place = node.scope.location, node.scope.task
        instead = (node.params[other] for other, source in node.stage.bound.items() if source == "recordable")
        if field is not None and node.params[field] is None and place not in told and not any(instead):
            told.add(place)
            message = f"`{node.stage.name}` is asked for, but neither location `{place[0]}` nor task `{place[1]}` names `data`"
            help = "name a dataset there (`simkiln new location ID --from-dataset ROOT/PATH`), or take its approach out"
            at = ("locations", graph.locations.index(place[0])) if place[0] in graph.locations else ("locations",)
            yield subject.at("study", name, at, "X463", message, help)


def _said(subject: Subject) -> Iterator[tuple[str, str, Dataset]]:
    """Every dataset that counts, with the kind and id of the spec that names it."""
    for kind in KINDS:
        for name in subject.used(kind):
            if (said := subject.project.specs(kind)[name].data) is not None:
                yield kind, name, said


def _of_study(subject: Subject, study: Study) -> Iterator[tuple[str, str, Dataset]]:
    for kind, names in (("location", study.locations), ("task", study.tasks)):
        for name in names:
            spec = subject.project.specs(kind).get(name)
            if spec is not None and spec.data is not None:
                yield kind, name, spec.data


def _robots(subject: Subject, kind: str, name: str) -> list[Robot]:
    """The robots of studies that use a location or task; the built-in arm where none does."""
    field = "locations" if kind == "location" else "tasks"
    said = {study.robot for _, study in subject.studies() if name in getattr(study, field)}
    return [SO101 if robot is None else posed(robot) for robot in said or {None}]
