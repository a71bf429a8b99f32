"""Check every digest in the store; set damaged artifacts aside, so that they are planned again."""

import argparse
import os

from compiler.verbs import common


def arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `simkiln verify`."""
    common.root_argument(parser)


def run(args: argparse.Namespace) -> int:
    """0 when every artifact is whole."""
    from runtime.store import DamagedArtifact, Store

    store = Store(common.project(args).store)
    whole = damaged = 0
    for stage, fingerprints in sorted(store.listing().items()):
        for fingerprint in sorted(fingerprints):
            try:
                store.check(stage, fingerprint)
                whole += 1
            except DamagedArtifact as damage:
                damaged += 1
                print(f"damaged: {damage}; kept as {os.path.relpath(store.set_aside(stage, fingerprint))}")
    print(f"{whole} whole, {damaged} damaged")
    return 1 if damaged else 0
