"""Show what would be built and what is reused."""

import argparse
import json

from compiler.verbs import common


def arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `simkiln plan`."""
    common.study_argument(parser)
    common.root_argument(parser)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--all", action="store_true", help="also what is not needed")


def run(args: argparse.Namespace) -> int:
    """Print the plan; 0 unless the specs are refused."""
    from compiler.compile import plan_study
    from compiler.node import Node
    from compiler.plan import State

    signs = {State.BUILD: "+", State.REUSE: "=", State.UNNEEDED: " "}
    found = plan_study(common.project(args), args.study)
    counts = {str(state): found.count(state) for state in State}
    if args.json:
        nodes = [{"label": n.label, "stage": n.stage.name, "fingerprint": n.fingerprint,
                  "state": str(found.states[n.address])} for n in found.graph.nodes.values()]  # fmt: skip
        print(json.dumps({"study": found.graph.study, "counts": counts, "nodes": nodes}, indent=1))
        return 0
    groups: dict[str, dict[str, list[Node]]] = {}
    for node in found.graph.nodes.values():
        stages = groups.setdefault(node.scope.location or f"study {found.graph.study}", {})
        stages.setdefault(node.stage.name, []).append(node)
    for location, stages in groups.items():
        print(location)
        for stage, group in stages.items():
            states = [found.states[n.address] for n in group]
            for state in State:
                if (number := states.count(state)) and (args.all or state is not State.UNNEEDED):
                    print(f"  {signs[state]} {stage:<11} {number:>4} {state}")
    minutes = found.cpu_minutes()
    print(f"{counts['build']} to build, {counts['reuse']} reused; declared cost {minutes:.0f} CPU-minutes")
    return 0
