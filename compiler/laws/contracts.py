"""Port contracts over the nodes of a study: both ends of every edge, and parents that must agree."""

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import BaseModel

from compiler.diagnostics.diagnostic import Diagnostic, Note, Span
from compiler.graph.graph import Graph
from compiler.graph.node import Node
from compiler.laws.subject import Subject
from runtime.contract import CHECKS, Mismatch, mismatches
from runtime.stage import marked_fields

HELP: dict[tuple[str, object], str] = {
    ("action", "ee"): "policies here act by joints: `action: next_state` takes where the joints are a frame later as the target",
    ("checked", CHECKS): "a stage that makes films checks each of them (`runtime.coverage.checks`) and says so in its contract",
}
"""Fact and a value of it at one end -> what to do, where that is more than to set a parameter."""


def contracts(subject: Subject, name: str, graph: Graph) -> Iterator[Diagnostic]:
    """X409: a stage wants one value of a fact and what it reads offers another. Each disagreement is told once."""
    told: set[tuple[str, str, str, str]] = set()
    for edge in _edges(graph):
        for wrong in edge.wrong:
            key = (edge.wanting.stage.name, wrong.fact, repr(wrong.wanted), repr(wrong.offered))
            if key not in told:
                told.add(key)
                yield _unmet(subject, name, edge, wrong)


@dataclass(frozen=True)
class _Edge:
    """Two nodes that must agree. `reader` is the one that needs them to: `wanting` itself, or a reader of both."""

    reader: Node
    wanting: Node
    offering: Node
    wrong: list[Mismatch]


def _edges(graph: Graph) -> Iterator[_Edge]:
    """Edges that disagree. Nodes share settings and contracts, so what was found fine once is not looked at again."""
    fine: set[tuple[int, ...]] = set()
    for node in graph.samples:
        setting = node.setting
        if not setting.expects and not setting.stage.agree:
            continue
        asked = (id(setting), *[id(parent.contract) for parents in node.inputs.values() for parent in parents])
        if asked not in fine:
            wrong = list(_wrong(node))
            yield from wrong
            if not wrong:
                fine.add(asked)


def _wrong(node: Node) -> Iterator[_Edge]:
    for port, wanted in node.setting.expects.items():
        for parent in node.inputs.get(port, ()):
            if wrong := mismatches(wanted, parent.contract):
                yield _Edge(node, node, parent, wrong)
    for first, second in node.stage.agree:
        for wanting, offering in zip(node.inputs.get(first, ()), node.inputs.get(second, ()), strict=False):
            if wrong := mismatches(wanting.contract, offering.contract):
                yield _Edge(node, wanting, offering, wrong)


def _unmet(subject: Subject, name: str, edge: _Edge, wrong: Mismatch) -> Diagnostic:
    wanting, offering = edge.wanting, edge.offering
    message = (
        f"`{wanting.stage.name}` wants {wrong.fact} {_shown(wrong.wanted)}, "
        f"but `{offering.stage.name}` offers {_shown(wrong.offered)}"
    )
    ends = [_origin(wanting, wrong.fact, wrong.wanted), _origin(offering, wrong.fact, wrong.offered)]
    main = next((span for _, span in ends if span is not None), subject.span("study", name, ()))
    reads = "which reads both" if edge.reader is not wanting else f"which reads `{offering.label}`"
    notes = [Note(f"in `{edge.reader.label}`, {reads}")]
    for (setter, span), value in zip(ends, (wrong.wanted, wrong.offered), strict=True):
        if span is None:
            at = wired(subject, edge.reader, setter.stage.name)
            by = f"{_shown(value)} is what `{setter.stage.name}` has by default"
            notes.append(Note(f"{by}, which is asked for here" if at else by, at))
        elif span != main:
            notes.append(Note(f"{_shown(value)} is set for `{setter.stage.name}` here", span))
    known = (HELP[at] for value in (wrong.wanted, wrong.offered) if (at := (wrong.fact, value)) in HELP)
    help = next(known, "set the parameters so that both ends agree")
    return Diagnostic("X409", message, main, tuple(dict.fromkeys(notes)), help)


def wired(subject: Subject, reader: Node, stage: str) -> Span | None:
    """Where an approach that asks for the reader wires that stage."""
    for approach in (reader.scope.approach, *reader.askers):
        for link in subject.chain(approach) if approach else ():
            spec = subject.project.approaches.get(link)
            for at, ports in (spec.inputs if spec else {}).items():
                for port, maker in ports.items():
                    if maker == stage:
                        return subject.span("approach", link, ("inputs", at, port))
    return None


def _origin(node: Node, fact: str, value: object) -> tuple[Node, Span | None]:
    """The node that a fact comes from, up the parents that hand it on, and the spec line that set it there, if any."""
    marked = marked_fields(node.stage.params, "fact")
    fields = [field for field in node.stage.params.model_fields if marked.get(field, field) == fact]
    fields += _inside(node, fact)
    if fields:
        return node, next((node.origins[field] for field in fields if field in node.origins), None)
    handed = next((p for p in node.parents() if getattr(p.contract, fact) == value), None)
    return _origin(handed, fact, value) if handed is not None else (node, None)


def _inside(node: Node, fact: str) -> list[str]:
    """Dotted keys of bound values whose models say that they set a fact, and last the key that names the files behind it."""
    found = []
    for field, source in node.stage.bound.items():
        value = getattr(node.setting.model, field)
        marks = marked_fields(type(value), "fact") if isinstance(value, BaseModel) else {}
        found += [f"{source}.{name}" for name, facts in marks.items() if fact in str(facts).split()]
    return [*found, *(f"{key.rpartition('.')[0]}.path" for key in found)]


def _shown(value: object) -> str:
    value = ", ".join(map(str, value)) if isinstance(value, tuple) else value
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"
