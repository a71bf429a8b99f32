"""The fence round a hidden site: what a stage may take of it is declared, and every other way is refused.

`photos` are what a capture takes, `trials` what judges a policy there. `recordings` (episodes, replays) are new real data.
`truth` (parameters, geometry) is for diagnosis: nothing that comes of it leads anywhere but to a report.
"""

from collections.abc import Iterator

from compiler.diagnostics.diagnostic import Diagnostic, Note
from compiler.graph.bindings import BINDINGS, HIDDEN_SITE
from compiler.graph.graph import Graph
from compiler.graph.node import Address, Node, Setting
from compiler.laws.subject import Subject
from compiler.laws.wiring import SITE_HELP
from runtime.bound.claim import Alike
from runtime.stage import load_stages, marked_fields


def sites(subject: Subject, name: str, graph: Graph) -> Iterator[Diagnostic]:
    """X407: a node that takes of a hidden site what its stage does not declare, the study forbids, or leads back to training."""
    study = subject.project.studies[name]
    told: set[str] = set()
    for node in graph.samples:
        if node.stage.name in told or not _holds_site(node.setting):
            continue
        if not _declared(node):
            told.add(node.stage.name)
            yield subject.at("study", name, (), "X407", f"`{node.label}` would read the hidden site", SITE_HELP)
        elif node.stage.takes == "recordings" and study.constraints.no_new_real_data:
            told.add(node.stage.name)
            message = f"`{node.label}` records at the hidden site, which counts as new real data"
            path = ("constraints", "no_new_real_data")
            notes = (Note("the constraint is here", subject.span("study", name, path)),)
            help = "lift `no_new_real_data`, or take out what reads the recordings"
            yield subject.at("study", name, path, "X407", message, help, notes=notes)
    yield from _steered(subject, name, graph)
    yield from _leaks(subject, name, graph)


def _steered(subject: Subject, name: str, graph: Graph) -> Iterator[Diagnostic]:
    """X498: people would steer a robot in a study that rules it out."""
    if not subject.project.studies[name].constraints.no_teleoperation:
        return
    for node in graph.samples:
        if "teleoperated" in marked_fields(node.stage.params, "recorded").values():
            path = ("constraints", "no_teleoperation")
            message = f"for `{node.label}` somebody would steer the robot"
            yield subject.at("study", name, path, "X498", message, "lift `no_teleoperation`, or take other demos")
            return


def unstated_margin(subject: Subject) -> Iterator[Diagnostic]:
    """X500: a twin is held against its place, and no claim says within which margin policies score alike in both."""
    for name, study in subject.studies():
        told = [i for i, target in enumerate(study.targets) if target in load_stages() and load_stages()[target].role == "replay"]
        if told and not any(isinstance(claim, Alike) for _, _, claim in study.simple_claims()):
            help = "add a claim `{kind: alike, approach: ID, domain: twin, against: irl_proxy, margin: POINTS}`"
            message = (
                f"`{study.targets[told[0]]}` without a margin within which policies score alike in the twin and at its place"
            )
            severity = "error" if study.trials else "warning"
            yield subject.at("study", name, ("targets", told[0]), "X500", message, help, severity=severity)


def _leaks(subject: Subject, name: str, graph: Graph) -> Iterator[Diagnostic]:
    """Ways from the truth of a site to anything but diagnosis and report; nodes come after their parents."""
    if not any(stage.takes == "truth" for stage in load_stages().values()):
        return
    known: dict[Address, str] = {}
    for node in graph.nodes.values():
        from_truth = next((known[parent.address] for parent in node.parents() if parent.address in known), None)
        if node.stage.takes == "truth" and _holds_site(node.setting):
            known[node.address] = node.label
        elif from_truth is not None:
            known[node.address] = from_truth
            if node.stage.role != "report" and node.stage.takes != "truth":
                help = "read it in a report or in a stage that takes `truth` itself"
                message = f"`{node.label}` would learn the truth of the hidden site from `{from_truth}`"
                yield subject.at("study", name, (), "X407", message, help)
                return


def _declared(node: Node) -> bool:
    """Whether a node that holds a site has no more of it than its stage declares."""
    if node.stage.takes == "photos":  # what photos depend on, and not how far the site is from its twin
        return _sources(node.setting) <= {"location.source"}
    return node.stage.takes != "" and (node.stage.takes != "trials" or node.scope.domain in node.stage.domains)


def _holds_site(setting: Setting) -> bool:
    return bool(_sources(setting))


def _sources(setting: Setting) -> set[str]:
    """The bound sources by which parameters hold a hidden site."""
    held = {source: setting.params.get(field) for field, source in setting.stage.bound.items() if BINDINGS[source].local}
    return {source for source, value in held.items() if isinstance(value, dict) and value.get("kind") == HIDDEN_SITE}
