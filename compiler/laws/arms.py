"""Arms must differ from what they are arms of, and curves be of what is tried."""

from collections.abc import Iterator

from compiler.diagnostics.diagnostic import Diagnostic
from compiler.graph.graph import Graph
from compiler.graph.node import Node
from compiler.laws.subject import Subject
from compiler.project.arms import increments
from compiler.project.layers import approach_chain, approach_rounds
from runtime.stage import Stage


def same_arm(subject: Subject, name: str, graph: Graph) -> Iterator[Diagnostic]:
    """X450: an approach comes to the very trials of another, such as an arm's own, so nothing can come of comparing them."""
    study, arms = subject.project.studies[name], subject.project.arms
    tried: dict[str, set[int]] = {}
    for node in graph.samples:
        for approach in _approaches(node) if node.stage.role == "trials" else ():
            tried.setdefault(approach, set()).add(id(node))
    first: dict[frozenset[int], str] = {}
    for approach in sorted(tried, key=lambda a: (a != study.baseline, study.approaches.index(a))):
        of = arms.get(approach) or first.setdefault(frozenset(tried[approach]), approach)
        if of == approach or tried.get(of) != tried[approach]:
            continue
        message = f"`{approach}` comes to the very trials of `{of}`: it changes nothing that is built"
        help = "let it change something, or take it out"
        if approach in arms:
            yield subject.at("approach", approach, (), "X450", message, help)
        else:
            where = ("approaches", study.approaches.index(approach))
            note = subject.note("this is all that it says", "approach", approach, ())
            help += "; for a placebo, say `training_seed_offset: 1000`"
            severity = "warning" if study.imported else "error"  # trials that others ran may tell the two apart
            yield subject.at("study", name, where, "X450", message, help, severity=severity, notes=(note,))


def no_increment(subject: Subject) -> Iterator[Diagnostic]:
    """X481: a study is to go on from itself, or from another and brings nothing beyond it that could be held against it."""
    for name, study in subject.studies():
        before, past, at = subject.project.studies.get(study.incremental_over or ""), list[str](), study.incremental_over
        while at in subject.project.studies and at not in past:
            past, at = [*past, at], subject.project.studies[at].incremental_over
        if name in past:
            message = f"`{name}` goes on from itself" + (f" by way of `{past[0]}`" if past[0] != name else "")
            help = "name a study that came before it"
            yield subject.at("study", name, ("incremental_over",), "X481", message, help)
        elif before is not None and not increments(subject.project, study, before):
            message = f"`{name}` has nothing beyond `{study.incremental_over}` that could be held against it"
            help = "list an approach with a `row.prior` that the other study lacks; that one needs one with a prior, too"
            yield subject.at("study", name, ("incremental_over",), "X481", message, help)


def idle_rounds(subject: Subject, name: str, graph: Graph) -> Iterator[Diagnostic]:
    """X450: an approach has rounds, and nothing that is built for it stands for a round."""
    project = subject.project
    listed = [a for a in project.studies[name].approaches if a not in project.arms and approach_rounds(project, a)]
    if not listed:
        return
    tried = {a for node in graph.samples if node.stage.role == "trials" for a in _approaches(node)}  # not where gates stopped it
    turning = {a for node in graph.samples if "round" in node.stage.per for a in (*_approaches(node), *node.askers)}
    for approach in (a for a in listed if a in tried and a not in turning):
        message = f"`{approach}` has rounds, and reads no stage that is made for each of them"
        help = "let its trials try one, for example `inputs: {evaluate: {policy: keep}}`, or take `rounds` out"
        setter = next(a for a in reversed(approach_chain(project, approach)) if project.approaches[a].rounds)
        yield subject.at("approach", setter, ("rounds",), "X450", message, help, key=True)


SHOWN = {
    "curve": ("learning", "the learning curve"),
    "factors": ("gap_factors", "the gap"),
    "trials": ("trials", "some trials"),
    "own": ("targets", "trials in the own world model"),
}
"""Roles of what must be of the policy that is tried -> the section of a study that asks for it, and what it is in words."""


def other_curve(subject: Subject, name: str, graph: Graph) -> Iterator[Diagnostic]:
    """X451: a curve, what explains a gap, or trials of a second stage would be of another policy than is tried; a curve of one
    without snapshots."""
    trials = sorted((node for node in graph.samples if node.stage.role == "trials"), key=lambda node: node.stage.name)
    tried: dict[str, dict[str, Stage | None]] = {}
    for node in trials:
        tried |= {a: _own(node) for a in _approaches(node) - tried.keys()}
    told: set[str] = set()
    for node in graph.samples:
        if node.stage.role not in SHOWN or node.stage is trials[0].stage:
            continue
        section, what = SHOWN[node.stage.role]
        drawn = _own(node)
        for approach in sorted(_approaches(node) - told):
            judged = tried.get(approach, drawn)
            tellable = judged.keys() if section == "targets" else drawn
            apart = next((port for port in drawn if port in tellable and drawn[port] is not judged.get(port)), None)
            theirs = judged.get("policy") or drawn["policy"]
            if section == "learning" and theirs and not {"snapshots", "snapshots?"} & theirs.makes.keys():
                message = f"`{approach}` can have no learning curve: its `{theirs.name}` keeps no snapshots"
                help = "take `learning` out, or give the approach a study of its own"
            elif apart is not None:
                ours, wanted = (f"`{made.name}`" if made else "nothing" for made in (drawn[apart], judged.get(apart)))
                message = f"{what} of `{approach}` would be of {ours}, but {wanted} is tried"
                help = f"say `inputs: {{{node.stage.name}: {{{apart}: {wanted.strip('`')}}}}}` in the approach"
                if judged.get(apart) is None:
                    message = f"{what} of `{approach}` would be of what {ours} makes of pictures, which its trials do without"
                    help = f"take `{apart}` out of the `inputs` of `{node.stage.name}` in the approach, or give its trials one"
            else:
                continue
            told.add(approach)
            yield subject.at("study", name, (section,), "X451", message, help, key=True)


def _own(node: Node) -> dict[str, Stage | None]:
    """Port of what is tried -> the stage that provides it: the policy, and what its pictures go through."""
    ports = [port for port in node.stage.ports if port.whose == "own"]
    return {port.name: next((parent.stage for parent in node.inputs.get(port.name, ())), None) for port in ports}


def _approaches(node: Node) -> set[str]:
    return {str(scope.approach) for scope in (node.scope, *node.aliases)}
