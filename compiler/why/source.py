"""SOURCE.md: what an exported artifact is, what it was made from, by which lines, and under which licences."""

from collections.abc import Iterator

from compiler.graph.bindings import HIDDEN_SITE
from compiler.graph.node import Node
from compiler.project.project import Project
from compiler.render.columns import short
from compiler.why.artifact import Artifact
from runtime.backend import info
from runtime.stage import BOUND


def source_text(project: Project, node: Node, artifact: Artifact, contents: str) -> str:
    """The page, in Markdown."""
    lines = [f"# {artifact.label}", "", contents, ""]
    lines += [f"Artifact `{artifact.stage}/{artifact.fingerprint}` of simkiln, study `{artifact.study}`.", "", "## Made from", ""]
    for one in artifact.lineage:
        lines.append(f"- `{one.label}` (`{one.stage}/{one.fingerprint[:12]}`)")
        lines += [f"  - `{s.name} = {short(s.value, 60)}`{f', {s.at}' if s.at else ''}" for s in one.settings if s.at]
    lines += ["", "## Licences", "", *(f"- {line}" for line in dict.fromkeys(_licences(project, _with_ancestors(node))))]
    return "\n".join(lines) + "\n"


def _with_ancestors(node: Node) -> list[Node]:
    found, waiting = {node.address: node}, [node]
    while waiting:
        for parent in waiting.pop().parents():
            if parent.address not in found:
                found[parent.address] = parent
                waiting.append(parent)
    return list(found.values())


def _licences(project: Project, nodes: list[Node]) -> Iterator[str]:
    """What was used, and whose it is, as far as anybody said."""
    yield "simkiln: Apache-2.0; libraries have their own (`simkiln backends`, `pyproject.toml`)"
    for node in nodes:
        for role, one in node.backends.items():
            yield f"back end `{one['name']}` ({role}): {info(role, one['name']).licence}"
        if (place := node.scope.location) is not None:
            spec = project.locations[place]
            if spec.source.kind == HIDDEN_SITE:
                yield f"`{place}` is a hidden site, made by simkiln: nobody's photos"
            elif "location.source" in node.stage.bound.values():
                yield f"photos or splat of `{place}`: as you have the right to them; no spec says"
            yield from (f"asset `{name}` of `{place}`: {asset.licence}" for name, asset in spec.assets.items())
        for name, source in node.stage.bound.items():
            brought = getattr(node.setting.model, name)
            if source in BOUND and hasattr(brought, "root") and hasattr(brought, "path") and source != "location.source":
                said = _licence(project, node, source) or "as you have the right to it; no spec says"
                yield f"`{brought.path}` in root `{brought.root}`: {said}"
    for approach in dict.fromkeys(n.scope.approach for n in nodes if n.scope.approach):
        if licence := project.approaches[approach].row.licence:
            yield f"approach `{approach}`: {licence}"


def _licence(project: Project, node: Node, source: str) -> str | None:
    """What specs say of recorded demos and of videos; addresses, and so nodes, know nothing of licences."""
    if source.startswith("location."):
        return getattr(project.locations[str(node.scope.location)], source.partition(".")[2]).terms
    named = project.data(str(node.scope.location), str(node.scope.task)) if source == "data" else None
    return named[2].licence if named else None
