"""Print the folder of a node's artifact."""

import argparse
import os

from compiler.verbs import common


def arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `simkiln where`."""
    common.node_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """0 when all that the name means is built."""
    from runtime.store.store import Store

    project, plan = common.planned(args)
    store, found = Store(project.store), common.find(plan.graph, args.node)
    for node in found:
        mark = "" if store.has(*node.address) else "  (not built)"
        print(f"{os.path.relpath(store.path(*node.address))}{mark}")
    return 0 if all(store.has(*n.address) for n in found) else 1
