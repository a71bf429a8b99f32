"""Draw a study's graph as SVG: one box for each stage and group of approaches, or one node's lineage."""

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from compiler.verbs import common

if TYPE_CHECKING:
    from compiler.graph.node import Node
    from compiler.plan.plan import Plan
    from compiler.project.project import Project

MOST_NODES = 40
"""A lineage of more nodes is drawn by stage."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `simkiln graph`."""
    common.study_argument(parser)
    common.root_argument(parser)
    parts = parser.add_mutually_exclusive_group()
    parts.add_argument("--node", help="only this node and what it is made from")
    parts.add_argument("--location", help="only the nodes of this location")
    parser.add_argument("--output", type=Path, metavar="FILE", help="default: build/graph/STUDY.svg")


def run(args: argparse.Namespace) -> int:
    """Write the picture and print its name."""
    from compiler.render.graph.boxes import by_node, by_stage
    from compiler.render.graph.layout import arrange
    from compiler.render.graph.svg import draw

    project, plan = common.planned(args)
    nodes, about = _chosen(args, project, plan)
    states = {node.address: str(plan.states[node.address]) for node in nodes}
    alone = args.node is not None and len(nodes) <= MOST_NODES
    diagram = by_node(nodes, states) if alone else by_stage(plan.graph, nodes, states)
    counts = {state: list(states.values()).count(state) for state in dict.fromkeys(states.values())}
    described = f"{len(nodes)} nodes in {len(diagram.boxes)} boxes: {', '.join(f'{n} {s}' for s, n in counts.items())}"
    picture = draw(diagram, arrange(diagram), f"{project.studies[args.study].title} · {about}", described)
    target = args.output or project.root / "build" / "graph" / f"{args.study}.svg"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(picture, encoding="utf-8")
    except OSError as error:
        sys.stderr.write(f"cannot write {os.path.relpath(target)}: {error.strerror}\n")
        return 1
    print(os.path.relpath(target))
    return 0


def _chosen(args: argparse.Namespace, project: "Project", plan: "Plan") -> "tuple[list[Node], str]":
    """The nodes to draw, and how the picture calls them.

    Raises:
        ValueError: when the node or the location is not in the study.
    """
    from compiler.diagnostics.diagnostic import did_you_mean
    from compiler.render.graph.boxes import lineage

    graph = plan.graph
    if args.node is not None:
        found = common.find(graph, args.node)
        if len(found) > 1:
            names = ", ".join(node.label for node in found[:6])
            raise ValueError(f"`{args.node}` may mean {len(found)} nodes: {names}{' …' if len(found) > 6 else ''}")
        return lineage(found[0]), found[0].label
    if args.location is not None:
        known = project.studies[args.study].locations
        if args.location not in known:
            fix = did_you_mean(args.location, known, "locations of this study")
            raise ValueError(f"no location `{args.location}` in study `{args.study}`; {fix}")
        here = {"location": args.location}.items()
        return [n for n in graph.nodes.values() if any(here <= scope.items() for scope in n.scopes())], args.location
    return list(graph.nodes.values()), f"{len(graph.nodes):,} nodes"
