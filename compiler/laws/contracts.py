"""Laws that need nodes, port contracts above all. They run only where nothing else is wrong."""

from collections.abc import Iterator

from pydantic import ValidationError

from compiler.diagnostic import Diagnostic, Note, Span
from compiler.laws.subject import Subject
from compiler.node import Graph, Node
from runtime.contract import Mismatch, mismatches
from runtime.problem import InputError


def expanded(subject: Subject, name: str) -> Iterator[Diagnostic]:
    """S109, B301, X407 and X409 over the nodes of one study."""
    from compiler.expand import expand

    try:
        graph = expand(subject.project, name)
    except ValidationError as error:
        yield _merged(subject, name, error)
        return
    except InputError as error:
        for problem in error.problems:
            path = tuple(problem.key.split("."))
            yield subject.at("study", name, path, problem.code, problem.message, problem.help)
        return
    yield from _sites(subject, name, graph)
    yield from _contracts(subject, name, graph)


def _merged(subject: Subject, name: str, error: ValidationError) -> Diagnostic:
    """Parameters that are each fine but not together, once the layers are merged."""
    first = error.errors(include_url=False)[0]
    reason = str(first.get("ctx", {}).get("error", first["msg"])).rstrip(".")
    where = ".".join(str(step) for step in first["loc"])
    message = f"the parameters of `{error.title}` do not go together{f' at `{where}`' if where else ''}: {reason}"
    return subject.at("study", name, (), "S109", message, "compare the `stages:` sections of the specs that it names")


def _sites(subject: Subject, name: str, graph: Graph) -> Iterator[Diagnostic]:
    """The last line of defence for the hidden site: no bound value of another stage may hold it."""
    for node in graph.nodes.values():
        proxy = node.stage.name == "evaluate" and node.scope.domain == "irl_proxy"
        if node.stage.name != "capture" and not proxy and _holds_site(node.params):
            yield subject.at("study", name, (), "X407", f"`{node.label}` would read the hidden site")


def _holds_site(value: object) -> bool:
    if isinstance(value, dict):
        return value.get("kind") == "hidden_site" or any(map(_holds_site, value.values()))
    return isinstance(value, list) and any(map(_holds_site, value))


def _contracts(subject: Subject, name: str, graph: Graph) -> Iterator[Diagnostic]:
    told: set[tuple[str, str, str]] = set()
    for node in graph.nodes.values():
        wanted = node.stage.expects(node.stage.params.model_validate(node.params))
        for first, second in node.stage.agree:
            for wanting, offering in zip(node.inputs.get(first, ()), node.inputs.get(second, ()), strict=False):
                for wrong in mismatches(wanting.contract, offering.contract):
                    key = (wanting.stage.name, offering.stage.name, wrong.fact)
                    if key not in told:
                        told.add(key)
                        yield _unmet(subject, name, wanting, offering, wrong, node)
        for port, parents in node.inputs.items():
            for parent in parents:
                for wrong in mismatches(wanted[port], parent.contract) if port in wanted else []:
                    key = (node.stage.name, parent.stage.name, wrong.fact)
                    if key not in told:
                        told.add(key)
                        yield _unmet(subject, name, node, parent, wrong)


def _unmet(
    subject: Subject, name: str, node: Node, parent: Node, wrong: Mismatch, reader: Node | None = None
) -> Diagnostic:
    """One edge, or two parents of one reader, that disagree: at the line of either end that a spec set."""
    here, there = _line(node, wrong.fact), _line(parent, wrong.fact)
    message = (
        f"`{node.stage.name}` wants {wrong.fact} {_shown(wrong.wanted)}, "
        f"but `{parent.stage.name}` offers {_shown(wrong.offered)}"
    )
    span = here or there or subject.span("study", name, ())
    reads = f"`{reader.label}`, which reads both" if reader else f"`{node.label}`, which reads `{parent.label}`"
    notes = (Note(f"in {reads}"),)
    if there and there != span:
        notes += (Note(f"`{parent.stage.name}` is set here", there),)
    return Diagnostic("X409", message, span, notes, "set the parameters so that both ends agree")


def _line(node: Node, fact: str) -> Span | None:
    """Where a spec set the parameter that the fact is called after, or any parameter of the node."""
    named = [span for key, span in node.origins.items() if key in fact or fact in key]
    return next(iter([*named, *node.origins.values()]), None)


def _shown(value: object) -> str:
    return f"`{', '.join(map(str, value)) if isinstance(value, tuple) else value}`"
