"""What a policy is trained on with: the demos that it was made from, else its normaliser is not that of what it sees."""

from collections.abc import Iterator

from compiler.diagnostics.diagnostic import Diagnostic, Note
from compiler.graph.graph import Graph
from compiler.graph.node import Node
from compiler.laws.contracts import wired
from compiler.laws.subject import Subject


def continued(subject: Subject, name: str, graph: Graph) -> Iterator[Diagnostic]:
    """X525: a stage reads an artifact, and beside it another than that one was made from. Each stage is told once."""
    told: set[tuple[str, str]] = set()
    for node in graph.samples:
        for first, second in node.stage.same:
            if (made := _other(node, first, second)) and (node.stage.name, made.stage.name) not in told:
                told.add((node.stage.name, made.stage.name))
                maker, got = node.inputs[first][0], node.inputs[second][0]
                message = (
                    f"`{node.stage.name}` trains on with the {second} of `{got.label}`, but its {first} was made "
                    f"from those of `{made.label}`"
                )
                at = wired(subject, node, made.stage.name) or wired(subject, node, got.stage.name)
                help = f"write `inputs: {{{node.stage.name}: {{{second}: {made.stage.name}}}}}` in the approach"
                notes = (Note(f"in `{node.label}`, which reads `{maker.label}`"),)
                yield Diagnostic("X525", message, at or subject.span("study", name, ()), notes, help)


def _other(node: Node, first: str, second: str) -> Node | None:
    """What the artifact at the first port was made from, where something else stands at the second."""
    for maker in node.inputs.get(first, ()):
        for made, got in zip(maker.inputs.get(second, ()), node.inputs.get(second, ()), strict=False):
            if made is not got:
                return made
    return None
