"""Gates that stop what depends on the artifacts that they judge, and what they have stopped.

A failed gate is known only once its artifacts are built, so it acts twice. While building, each job downstream holds
the rule as a guard and ends without an artifact when the rule fails (`runtime/build/guard.py`). When planning again, what
failed is read from the store, and the study is expanded without the cells that were stopped. No other fingerprint knows
of the gate: adding one rebuilds nothing.
"""

from collections.abc import Iterator

from compiler.graph.graph import Graph
from compiler.graph.node import Address, Node, Stops
from compiler.graph.roles import EVIDENCE
from compiler.project.project import Project
from compiler.spec.gate import Gate
from runtime.bound.cell import Cell
from runtime.bound.gate import TRIAL_METRICS, GateRule
from runtime.build.guard import Guard, failed
from runtime.job import Parent
from runtime.stage import REGISTRY
from runtime.store.store import Store


def speaks_of(rule: GateRule, node: Node) -> bool:
    """Whether a node is among those that a rule over a stage's metric speaks of."""
    if node.stage.name != rule.stage:
        return False
    wanted = {"approach": rule.approach, "domain": rule.domain}.items()
    return any(all(v is None or scope.get(k, v) == v for k, v in wanted) for scope in node.scopes())


def _of_evidence(rule: GateRule) -> bool:
    """Whether nothing depends on what the gate judges but the evidence itself, which is always shown."""
    return rule.metric in TRIAL_METRICS or REGISTRY[str(rule.stage)].role in EVIDENCE


def stopping(project: Project, name: str) -> Iterator[tuple[str, Gate]]:
    """The gates of a study that can stop anything."""
    study = project.studies[name]
    for gate in study.gates:
        rule = project.gates[gate]
        if rule.on_fail != "warn" and not _of_evidence(rule) and gate not in study.waivers.gates:
            yield gate, rule


def guards(project: Project, graph: Graph) -> list[Guard]:
    """The guards of a study: one for each group of artifacts that a gate which can stop judges together."""
    found = []
    for gate, rule in stopping(project, graph.study):
        groups: dict[object, list[Node]] = {}
        for node in graph.nodes.values():
            if speaks_of(rule, node):
                by = {"artifact": node.address, "location": node.scope.location, "study": None}[rule.scope]
                groups.setdefault(by, []).append(node)
        said = {k: v for k, v in rule.model_dump().items() if k in GateRule.model_fields}
        plain = GateRule.model_validate(said | {"level": rule.level or project.studies[graph.study].level} if rule.over else said)
        found += [Guard(gate, plain, tuple(Parent(*node.address) for node in nodes)) for nodes in groups.values()]
    return found


def guarded(graph: Graph, all_guards: list[Guard]) -> dict[Address, tuple[Guard, ...]]:
    """Address -> guards of everything that depends on what they judge; gates that judge it do not count."""
    roots: dict[Address, list[Guard]] = {}
    for guard in all_guards:
        for parent in guard.judged:
            roots.setdefault((parent.stage, parent.fingerprint), []).append(guard)
    held: dict[Address, tuple[Guard, ...]] = {}
    for node in graph.nodes.values() if roots else ():
        own: dict[int, Guard] = {}
        for port, parents in node.inputs.items():
            for parent in parents if (node.stage.role, port) != ("gate", "judged") else ():
                for guard in (*roots.get(parent.address, ()), *held.get(parent.address, ())):
                    own[id(guard)] = guard
        if own:
            held[node.address] = tuple(own.values())
    return held


def stops(project: Project, graph: Graph) -> Stops | None:
    """What gates have stopped, by the metrics in the store; None when nothing is stopped."""
    store = Store(project.store)
    broken = [(guard, reason) for guard in guards(project, graph) if (reason := failed(guard, store)) is not None]
    if not broken:
        return None
    held = guarded(graph, [guard for guard, _ in broken])
    nodes = {a: tuple(dict.fromkeys(g.gate for g in by)) for a, by in held.items() if "location" in graph.nodes[a].stage.per}
    # What an interim look holds up goes on without the cell that was stopped; that one is stopped from its first batch.
    first = (graph.nodes[a] for a in nodes if graph.nodes[a].stage.role == "trials" and graph.nodes[a].scope.look in (None, 1))
    cells = {cell for node in first for cell in _cells(node)}
    every = {cell for node in graph.nodes.values() if node.stage.role == "trials" for cell in _cells(node)}
    left = {cell.location for cell in every - cells}
    gone = tuple(x for x in project.studies[graph.study].locations if x not in left and any(c.location == x for c in every))
    by_location = {x: {g for a, by in nodes.items() if graph.nodes[a].scope.location == x for g in by} for x in gone}
    skipped = tuple(x for x in gone if all(project.gates[g].on_fail == "skip_downstream" for g in by_location[x]))
    reasons = {guard.gate: reason for guard, reason in broken}
    places = {
        gate: tuple(dict.fromkeys(str(graph.nodes[a].scope.location) for a, by in nodes.items() if gate in by))
        for gate in reasons
    }
    return Stops(nodes, frozenset(cells), gone, skipped, reasons, places)


def _cells(node: Node) -> Iterator[Cell]:
    for scope in node.scopes():
        yield Cell.model_validate({axis: scope[axis] for axis in Cell.model_fields} | {"seed": int(scope["seed"])})
