"""Artifacts that are not what their address says: their manifest does not hash to it."""

from compiler.fingerprint import fingerprint
from compiler.node import Node
from runtime.problem import InputError, Problem
from runtime.recompute import lineage
from runtime.store import Store


def strangers(store: Store, node: Node) -> None:
    """Refuse an artifact when it, or anything that it was made from, stands under another plan's address.

    An address is a hash of stage, version, parameters, parents, back ends and source. A manifest that hashes to another
    one was moved, edited, or copied from elsewhere.

    Raises:
        InputError: X444 for each such artifact; X443 when one is absent or damaged.
    """
    problems = []
    for (stage, address), m in lineage(store, node.address).items():
        inputs = {port: [parent.partition("/")[2] for parent in found] for port, found in m["parents"].items()}
        if fingerprint(stage, m["version"], m["params"], inputs, m["backends"], m.get("content")) != address:
            message = f"mixed provenance: {stage}/{address[:12]} was made from other things than its address says"
            problems.append(Problem("X444", message, "remove it, and build again"))
    if problems:
        raise InputError(*problems)
