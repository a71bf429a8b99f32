"""Videos that people brought: whether they are there, and may be used."""

from collections.abc import Iterator

from compiler.diagnostics.diagnostic import Diagnostic
from compiler.graph.graph import Graph
from compiler.laws.backends import forbids_sale
from compiler.laws.captures import root_of
from compiler.laws.subject import Subject
from compiler.spec.location import Location
from runtime.bound.footage import SECTIONS, Footage, Physion
from runtime.footage.files import inspect_videos, section


def video_files(subject: Subject) -> Iterator[Diagnostic]:
    """R206, R210, R218, X521, X522: what is wrong with folders of videos, from names of their files and Physion's tables."""
    for name in subject.used("location"):
        for said in _said(subject.project.locations[name]):
            yield from root_of(subject, "location", name, (section(said), "root"), said.root)
            for problem in inspect_videos(said, subject.project.root_folder(said.root)):
                path = tuple(problem.key.split("."))
                yield subject.at("location", name, path, problem.code, problem.message, problem.help)


def video_licence(subject: Subject) -> Iterator[Diagnostic]:
    """B303: `use: commercial` with videos whose licence, or whose data set's, forbids it."""
    for name, study in subject.studies():
        for _, place in subject.places(study) if study.use == "commercial" else ():
            for said in _said(subject.project.locations.get(place)):
                if said.terms and forbids_sale(said.terms):
                    whole = "licence" if said.licence else "kind"
                    message = f"videos of `{said.kind}` have licence `{said.terms}`, which forbids commercial use"
                    notes = (subject.note("the study is for commercial use", "study", name, ("use",)),)
                    help = "use videos of your own, state the licence that you have, or set `use: research`"
                    yield subject.at("location", place, (section(said), whole), "B303", message, help, notes=notes)


def absent_videos(subject: Subject, name: str, graph: Graph) -> Iterator[Diagnostic]:
    """X520: a stage reads videos where the location names none."""
    told: set[tuple[str, str | None]] = set()
    for node in graph.nodes.values():
        for field, source in node.stage.bound.items():
            wanted, place = source.removeprefix("location."), node.scope.location
            if wanted in SECTIONS and node.params[field] is None and (wanted, place) not in told:
                told.add((wanted, place))
                message = f"`{node.stage.name}` is asked for, and location `{place}` names no `{wanted}`"
                help = f"name a folder there under `{wanted}:` (docs/nsca.md), or take out what reads it"
                at = ("locations", graph.locations.index(place)) if place in graph.locations else ("locations",)
                yield subject.at("study", name, at, "X520", message, help)


def _said(spec: Location | None) -> Iterator[Footage | Physion]:
    yield from (said for part in SECTIONS if spec and (said := getattr(spec, part)) is not None)
