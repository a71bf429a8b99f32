"""Trials that are compared have one protocol; what specs alone can tell of that is said before anything is built."""

from collections.abc import Iterator

from pydantic import ValidationError

from compiler.diagnostics.diagnostic import Diagnostic, Note, Span
from compiler.graph.bindings import HIDDEN_SITE
from compiler.graph.graph import Graph
from compiler.graph.node import Node
from compiler.graph.roles import having
from compiler.laws.subject import Subject


def one_control_rate(subject: Subject, name: str, graph: Graph) -> Iterator[Diagnostic]:
    """X447: trials of one task and domain at different control rates, which no rate may be pooled of."""
    first: dict[tuple[str | None, str | None], Node] = {}
    for node in graph.samples:
        if node.stage.role != "trials" or _rate(node) is None:
            continue
        other = first.setdefault((node.scope.task, node.scope.domain), node)
        if _rate(other) != _rate(node):
            said = f"{_rate(node):g} Hz at `{node.scope.location}`, {_rate(other):g} Hz at `{other.scope.location}`"
            message = f"trials of task `{node.scope.task}` in `{node.scope.domain}` are of two protocols: {said}"
            help = "set one control rate in the study or the task, or make two studies"
            own, theirs = (_set_by(side) for side in (node, other))
            span = own or theirs or subject.span("study", name, ())
            notes = (Note("the other one is set here", theirs),) if own and theirs else ()
            yield Diagnostic("X447", message, span, notes, help)
            return


def gap_too_large(subject: Subject) -> Iterator[Diagnostic]:
    """X448: a site's own gap, at a level of the study's conditions, would be larger than a gap can be."""
    for name, study in subject.studies():
        for _, location in subject.places(study) if "large" in study.conditions.levels() else ():
            spec = subject.project.locations.get(location)
            if spec is None or spec.source.kind != HIDDEN_SITE:
                continue
            try:
                spec.source.at("large")
            except ValidationError as error:
                field = error.errors()[0]["loc"][0]
                message = f"at level `large` the gap of `{location}` would be larger than a gap can be in `{field}`"
                notes = (subject.note("the site's own gap is here", "location", location, ("source", "gap", field)),)
                help = "lower it in the location, or take another level"
                yield subject.at("study", name, ("conditions", "gap"), "X448", message, help, notes=notes)


def unexplained(subject: Subject) -> Iterator[Diagnostic]:
    """X461: a gap is to be explained where no trials say that there is one, or with more trials than they have."""
    for name, study in subject.studies():
        if (asked := study.gap_factors) is None:
            continue
        tried = {domain: n for domain, n in study.trials.items() if any(domain in s.domains for s in having("factors"))}
        at, help = ("gap_factors",), "set `trials: {irl_proxy: N}`, or take `gap_factors` out"
        if not tried:
            message = "the gap to hidden sites is to be explained, but no trials are planned there"
            yield subject.at("study", name, at, "X461", message, help, key=True)
        elif set(study.conditions.levels()) == {"none"}:
            help = "take another level of `conditions: {gap: ...}`, or take `gap_factors` out"
            yield subject.at("study", name, at, "X461", "at level `none` hidden sites have no gap to explain", help, key=True)
        elif asked.trials > min(tried.values()):
            message = f"the gap is to be explained with {asked.trials} trials, of which the study has {min(tried.values())}"
            help = "lower it, or raise the study's `trials`"
            yield subject.at("study", name, (*at, "trials"), "X461", message, help)


def _rate(node: Node) -> float | None:
    return next((parent.contract.fps for parent in node.inputs.get("twin", ()) if parent.contract.fps is not None), None)


def _set_by(node: Node) -> Span | None:
    return next((parent.origins["control_hz"] for parent in node.parents() if "control_hz" in parent.origins), None)
