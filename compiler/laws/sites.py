"""The last line of defence for hidden sites, over the nodes of a study."""

from collections.abc import Iterator

from compiler.diagnostics.diagnostic import Diagnostic
from compiler.graph.node import Graph, Setting
from compiler.laws.subject import Subject
from compiler.laws.wiring import SITE_HELP

HOLDERS = ("location.source", "hidden_site")
"""Bound sources through which a site can reach a node."""


def sites(subject: Subject, name: str, graph: Graph) -> Iterator[Diagnostic]:
    """X407: a node other than `capture` and `evaluate` in `irl_proxy` whose parameters hold a hidden site."""
    holding: dict[int, bool] = {}
    for node in graph.samples:
        if id(node.setting) not in holding:
            holding[id(node.setting)] = node.stage.name != "capture" and _holds_site(node.setting)
        if holding[id(node.setting)] and node.scope.domain != "irl_proxy":
            yield subject.at("study", name, (), "X407", f"`{node.label}` would read the hidden site", SITE_HELP)


def _holds_site(setting: Setting) -> bool:
    held = (setting.params.get(field) for field, source in setting.stage.bound.items() if source in HOLDERS)
    return any(isinstance(value, dict) and value.get("kind") == "hidden_site" for value in held)
