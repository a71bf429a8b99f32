"""Say why a node is built, or is not: old and new values, with the line of the spec that began it."""

import argparse
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from compiler.verbs import common

if TYPE_CHECKING:
    from compiler.diagnostics.diagnostic import Span
    from compiler.why.reasons import Reason
    from compiler.why.why import Explanation

MOST = 12
"""Nodes, and lines of causes, that are shown without being asked for all."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `simkiln why`."""
    common.anywhere_arguments(parser)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--all", action="store_true", help="every node and every cause")


def run(args: argparse.Namespace) -> int:
    """Print the reasons of each node that the name means."""
    from compiler.plan.changes import find_changes
    from compiler.store.index import StoreIndex
    from compiler.verbs.named import named
    from compiler.why.why import explain

    project = common.project(args)
    found = [one.planned for one in named(project, args.node, args.study) if one.planned is not None]
    if not found:
        raise ValueError(f"no study plans `{args.node}`: `simkiln show {args.node}` says what it was made from")
    plan, nodes = found[0][0], [node for _, node in found]
    index = StoreIndex.of(project)
    changes = find_changes(project, plan, index)
    shown = nodes if args.all or args.json else nodes[:MOST]
    told = [explain(project, plan, node, changes.mark(plan, node), index) for node in shown]
    if args.json:
        print(json.dumps([_values(one) for one in told], indent=1))
        return 0
    print("\n".join(line for one in told for line in _lines(one, args.all)))
    if len(nodes) > len(shown):
        print(f"... and {len(nodes) - len(shown)} more nodes of that name (--all)")
    return 0


def _lines(one: "Explanation", every: bool) -> list[str]:
    from compiler.plan.changes import SIGNS
    from compiler.render.columns import visible
    from compiler.why.why import when

    node, old = one.node, one.compared
    lines = [f"{SIGNS[one.mark]} {node.label}  {node.stage.name}/{node.fingerprint}  ({one.mark})"]
    if old is not None:
        built = f", built {when(old.built)}" if old.built else ""
        lines.append(f"  compared with {old.label}  {old.stage}/{old.fingerprint[:12]}{built}")
    lines += [f"  {reason.text}{_at(reason.at)}" for reason in one.reasons]
    through = {reason.text for reason in one.reasons}
    causes = [cause for cause in one.causes if cause.reason.text not in through]
    for cause in causes if every else causes[:MOST]:
        lines.append(f"    because {cause.label} differs: {cause.reason.text}{_at(cause.reason.at)}")
    if len(causes) > MOST and not every:
        lines.append(f"    ... and {len(causes) - MOST} more causes (--all)")
    return [visible(line) for line in [*lines, *(f"  {note.text}" for note in one.notes)]]


def _at(span: "Span | None") -> str:
    return f"  [{span}]" if span else ""


def _values(one: "Explanation") -> dict[str, object]:
    node, old = one.node, one.compared

    def value(found: "Reason", label: str) -> dict[str, str | None]:
        at = str(found.at) if found.at else None
        return {"node": label, "kind": found.kind, "what": found.what, "old": found.old, "new": found.new, "at": at}

    return {
        "label": node.label,
        "stage": node.stage.name,
        "fingerprint": node.fingerprint,
        "state": str(one.mark),
        "compared": {"label": old.label, "fingerprint": old.fingerprint, "built": old.built} if old else None,
        "reasons": [value(reason, node.label) for reason in one.reasons],
        "causes": [value(cause.reason, cause.label) for cause in one.causes],
        "notes": [asdict(note) for note in one.notes],
    }
