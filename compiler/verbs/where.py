"""Print the folder of a node's artifact."""

import argparse
import os

from compiler.verbs import common


def arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `simkiln where`."""
    common.anywhere_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """0 when all that the name means is built."""
    from compiler.verbs.named import named
    from runtime.store.store import Store

    project = common.project(args)
    store, found = Store(project.store), named(project, args.node, args.study)
    for one in found:
        mark = "" if store.has(*one.address) else "  (not built)"
        print(f"{os.path.relpath(store.path(*one.address))}{mark}")
    return 0 if all(store.has(*one.address) for one in found) else 1
