"""Check every digest in the store; set damaged artifacts, and what was made from them, aside, so that they are planned again."""

import argparse
import json
import os
import sys
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING

from compiler.verbs import common

if TYPE_CHECKING:
    from compiler.project.project import Project
    from compiler.store.verify import Finding
    from runtime.store.store import Store


def arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `simkiln verify`."""
    common.root_argument(parser)
    parser.add_argument("--stage", help="only this stage's artifacts")
    parser.add_argument("--threads", type=int, default=2, metavar="N", help="files that are read at once (default: 2)")
    parser.add_argument("--json", action="store_true")


def run(args: argparse.Namespace) -> int:
    """0 when every artifact is whole."""
    from compiler.render.terminal import steps
    from compiler.store.index import StoreIndex
    from compiler.store.taint import tainted
    from compiler.store.verify import folders, inspect
    from runtime.store.store import Store

    project = common.project(args)
    store = Store(project.store)
    _known(project, store, args.stage)
    addresses = folders(store, args.stage)
    whole, odd = 0, []
    for finding in steps(inspect(store, addresses, args.threads), len(addresses), "verifying"):
        whole += finding.state == "whole"
        odd += [finding] if finding.state != "whole" else []
    harmed = tainted(store, odd)
    whole -= sum(1 for finding in harmed if args.stage in (None, finding.stage))
    bad = []
    for finding in [*harmed, *odd]:  # what was made from another one goes before it
        bad.append((finding, *_set_aside(store, finding)))
    bad.sort(key=lambda told: (told[0].state, told[0].stage, told[0].fingerprint))
    for told in bad if not args.json else ():
        _tell(*told)
    StoreIndex.of(project).rebuild()
    states = Counter(finding.state for finding, _, _ in bad)
    if args.json:
        counts = {"whole": whole, **{state: states[state] for state in ("damaged", "tainted", "unreadable")}}
        print(json.dumps({**counts, "findings": [asdict(f) | {"kept_as": kept} for f, kept, _ in bad]}, indent=1))
    else:
        rest = "".join(f", {states[state]} {state}" for state in ("tainted", "unreadable") if states[state])
        print(f"{whole} whole, {states['damaged']} damaged{rest}")
    return 1 if bad else 0


def _known(project: "Project", store: "Store", stage: str | None) -> None:
    """Refuse a stage that nobody knows, rather than say that all of nothing is whole."""
    from compiler.diagnostics.diagnostic import did_you_mean
    from runtime.stage import load_stages

    if stage is not None and stage not in load_stages() and not (store.root / stage).is_dir():
        raise ValueError(f"unknown stage `{stage}`; {did_you_mean(stage, sorted(load_stages()), 'stages')}")


def _set_aside(store: "Store", finding: "Finding") -> tuple[str, str]:
    """Where a damaged or tainted artifact is kept for inspection, or why it still stands in the store."""
    if finding.state == "unreadable":
        return "", ""
    try:
        return os.path.relpath(store.set_aside(finding.stage, finding.fingerprint)), ""
    except OSError as error:
        return "", (error.strerror or "cannot be moved").lower()


def _tell(finding: "Finding", kept: str, trouble: str) -> None:
    from compiler.render.columns import visible

    where = f"; kept as {kept}" if kept else ""
    print(visible(f"{finding.state}: {finding.stage}/{finding.fingerprint}: {finding.reason}{where}"))
    if trouble:
        advice = "run `simkiln verify` where the store can be written"
        sys.stderr.write(f"  it still stands in the store and would be used: {trouble}; {advice}\n")
