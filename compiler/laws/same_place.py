"""Two ids for one place or one task are not two: bands would be narrower than the evidence."""

import posixpath
from collections.abc import Iterator
from itertools import product

from compiler.diagnostics.diagnostic import Diagnostic
from compiler.laws.subject import Subject
from compiler.spec.base import Spec


def same_place(subject: Subject) -> Iterator[Diagnostic]:
    """X453: two locations of a study are of one capture, or two of its tasks are set alike."""
    for (name, study), kind in product(subject.studies(), ("location", "task")):
        known, first = subject.project.specs(kind), dict[object, str]()
        field = f"{kind}s"
        for i, one in enumerate(getattr(study, field)):
            if one not in known:
                continue
            other = first.setdefault(_identity(known[one]), one)
            if other != one:
                what = "of one and the same capture" if kind == "location" else "set alike"
                message = f"`{other}` and `{one}` are {what}, and would count as two {field}"
                help = f"list one of them: bands take different {field} for independent evidence"
                note = subject.note(f"`{other}` is here", kind, other, ())
                yield subject.at("study", name, (field, i), "X453", message, help, notes=(note,))


def _identity(spec: Spec) -> object:
    """What makes a place or a task the one it is, whatever it is called and however it is worked on."""
    source = getattr(spec, "source", None)
    if source is None:
        return spec.model_dump_json(exclude={"title"})
    if source.kind == "hidden_site":
        return source.kind, source.style, source.seed
    if source.kind == "benchmark":
        return source
    return source.root, posixpath.normpath(source.path), getattr(source, "video", None)
