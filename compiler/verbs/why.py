"""Say why a node is built, or is not."""

import argparse

from compiler.verbs import common


def arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `simkiln why`."""
    common.node_arguments(parser)
    common.root_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Print one line for each reason."""
    from compiler.compile import plan_study
    from compiler.why import explain
    from runtime.store import Store

    project = common.project(args)
    found = plan_study(project, args.study)
    for node in common.find(found.graph, args.node):
        print(f"{node.label}  {node.stage.name}/{node.fingerprint}  ({found.states[node.address]})")
        for reason in explain(node, found, Store(project.store)):
            print(f"  {reason.text}" + (f"  [{reason.at}]" if reason.at else ""))
    return 0
