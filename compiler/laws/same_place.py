"""Two names for one place, task or training run are not two: bands would be narrower than the evidence."""

import posixpath
from collections.abc import Iterator
from itertools import combinations, product

from compiler.diagnostics.diagnostic import Diagnostic
from compiler.graph.graph import Graph
from compiler.laws.subject import Subject
from compiler.project.layers import fixed_policies
from compiler.spec.base import Spec


def same_place(subject: Subject) -> Iterator[Diagnostic]:
    """X453: two locations of a study are of one capture, or two of its tasks are set alike."""
    for (name, study), kind in product(subject.studies(), ("location", "task")):
        known, first = subject.project.specs(kind), dict[object, str]()
        field, words = f"{kind}s", not study.trials  # trials that others ran may tell tasks apart by what they ask for
        for i, one in enumerate(getattr(study, field)):
            if one in known and (other := first.setdefault(_identity(known[one], words), one)) != one:
                what = "of one and the same capture" if kind == "location" else "set alike"
                if kind == "task" and known[one].instruction != known[other].instruction:
                    what += ", but for the words that ask for it (see `wordings` for that)"
                yield _twice(subject, name, kind, i, one, other, what)


def same_work(subject: Subject, name: str, graph: Graph) -> Iterator[Diagnostic]:
    """X453: captures of two locations hold the same files. X402: one training run counts under the seeds of two approaches."""
    study = subject.project.studies[name]
    first, told = dict[str, str](), set[str]()
    for node in graph.nodes.values():
        place = node.scope.location
        if node.content is None or place is None or "location.source" not in node.stage.bound.values():
            continue
        other = first.setdefault(node.content, place)
        if other != place and {other, place} <= set(study.locations):
            yield _twice(subject, name, "location", study.locations.index(place), place, other, "made of the same files")
    fixed = fixed_policies(subject.project, study)  # one policy whatever the seed: X464
    for node in graph.samples:
        scopes = (node.scope, *node.aliases) if node.stage.role == "trials" else ()
        runs = sorted({(study.approaches.index(str(scope.approach)), scope.seed) for scope in scopes})
        for (i, a), (j, b) in combinations(runs, 2):
            one, other = study.approaches[j], study.approaches[i]
            if a == b or one == other or one in told or one in fixed:
                continue
            told |= {one}
            message = f"`{one}` at seed {b} is the very training run of `{other}` at seed {a}, and would count twice"
            help = "give it an offset that leads past all seeds of the study, such as `training_seed_offset: 1000`"
            note = subject.note("the seeds are here", "study", name, ("seeds",))
            yield subject.at("study", name, ("approaches", j), "X402", message, help, notes=(note,))


def _twice(subject: Subject, name: str, kind: str, index: int, one: str, other: str, what: str) -> Diagnostic:
    field = f"{kind}s"
    message = f"`{other}` and `{one}` are {what}, and would count as two {field}"
    help = f"list one of them: bands take different {field} for independent evidence"
    note = subject.note(f"`{other}` is here", kind, other, ())
    return subject.at("study", name, (field, index), "X453", message, help, notes=(note,))


def _identity(spec: Spec, words: bool) -> object:
    """What makes a place or a task the one it is, whatever it is called and however it is worked on."""
    source = getattr(spec, "source", None)
    if source is None:
        return spec.model_dump_json(exclude={"title", "stages", "data"} | (set() if words else {"instruction"}))
    if source.kind == "hidden_site":
        return source.kind, source.style, source.seed
    if source.kind in ("benchmark", "lab"):
        return source
    return source.root, posixpath.normpath(source.path), getattr(source, "video", None)
