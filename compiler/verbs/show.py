"""Show an artifact: files, metrics, cost, the spec line behind each parameter, and what it was made from."""

import argparse
import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from compiler.verbs import common

if TYPE_CHECKING:
    from compiler.graph.node import Address
    from compiler.why.artifact import Ancestor, Artifact

MANY = 4
"""Parents of one port that are shown; the rest is counted."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `simkiln show`."""
    common.anywhere_arguments(parser)
    parser.add_argument("--all", action="store_true", help="every file, and every parent of a port")
    parser.add_argument("--json", action="store_true")


def run(args: argparse.Namespace) -> int:
    """0 when the name means one artifact; 1 when it means several, which are listed."""
    from compiler.verbs.named import named
    from compiler.why.artifact import of_node, of_stored

    project = common.project(args)
    found = named(project, args.node, args.study)
    if len(found) > 1:
        sys.stderr.write(f"`{args.node}` may mean {len(found)} artifacts:\n")
        for one in found[:20]:
            sys.stderr.write(f"  {one.address[0]}/{one.address[1][:12]}  {one.label}\n")
        sys.stderr.write("  …\n" if len(found) > 20 else "")
        return 1
    first = found[0]
    artifact = of_stored(project, first.address) if first.planned is None else of_node(project, *first.planned)
    if args.json:
        print(json.dumps(asdict(artifact), indent=1))
    else:
        from compiler.render.columns import visible

        print("\n".join(map(visible, _lines(artifact, args.all))))
    return 0


def _lines(artifact: "Artifact", everything: bool) -> list[str]:
    from compiler.plan.summary import size
    from compiler.render.columns import columns, short

    manifest = artifact.manifest or {}
    plan = f"{artifact.planned} in study `{artifact.study}`" if artifact.planned else "no study plans it"
    lines = [f"{artifact.label}  {artifact.stage}/{artifact.fingerprint}", f"  {plan}; stage version {artifact.version}"]
    if artifact.damage:
        lines.append(f"  damaged: {artifact.damage}; run `simkiln verify`")
    elif artifact.manifest is None:
        lines.append("  not built: this is what is planned")
    if len(artifact.scopes) > 1:
        shown = ", ".join("/".join(scope.values()) for scope in artifact.scopes[:MANY])
        lines.append(f"  stands for {len(artifact.scopes)}: {shown}{' …' if len(artifact.scopes) > MANY else ''}")
    lines += ["", "parameters", *columns([(s.name, short(s.value), s.at or s.by) for s in artifact.settings])]
    if artifact.backends:
        lines += ["", "back ends"]
        lines += columns([(b["role"], f"{b['name']} {b['version']}", b["licence"]) for b in artifact.backends])
    for head, facts in (("contract", artifact.expected), ("metrics", {}), ("cost", {}), ("libraries", {}), ("environment", {})):
        if facts := manifest.get(head) or facts:
            lines += ["", head, *columns([(name, short(value)) for name, value in facts.items()])]
    if files := manifest.get("files"):
        total = sum(entry["size"] for entry in files.values())
        shown = sorted(files.items()) if everything else sorted(files.items())[:12]
        lines += ["", f"files: {len(files)}, {size(total)}"]
        lines += columns([(name, size(entry["size"])) for name, entry in shown])
        lines += [f"  … {len(files) - len(shown)} more"] if len(shown) < len(files) else []
    lines += ["", "made from", *_tree(artifact, everything)]
    return [*lines, "", f"read by {artifact.readers} planned, {artifact.readers_stored} stored"]


def _tree(artifact: "Artifact", everything: bool) -> list[str]:
    """The lineage as a tree from the artifact up to the captures; what was shown above is not opened again."""
    from compiler.render.columns import short

    by_address = {(a.stage, a.fingerprint): a for a in artifact.lineage}
    lines, told = [], set()

    def tell(one: "Ancestor", head: str, body: str, port: str, at: str) -> None:
        again = (one.stage, one.fingerprint) in told
        told.add((one.stage, one.fingerprint))
        mark = "" if one.stored else "  (not in the store)"
        lines.append(f"{head}{port}{one.label}{mark}{'  (above)' if again and one.parents else ''}{at}")
        if again:
            return
        lines.extend(
            f"{body}{'│' if one.parents else ' '}   {s.name} = {short(s.value, 40)}  {s.at}"
            for s in one.settings
            if one is not artifact.lineage[0]
        )
        shown, hidden = _opened(one, told, everything)
        for i, (name, address) in enumerate(shown):
            last = i == len(shown) - 1 and not hidden
            edge, below = body + ("└─ " if last else "├─ "), body + ("   " if last else "│  ")
            tell(by_address[address], edge, below, f"{name}: ", f"  {one.wired[name]}" if name in one.wired else "")
        if hidden:
            lines.append(f"{body}└─ … {hidden} more, with --all")

    tell(artifact.lineage[0], "  ", "  ", "", "")
    return lines


def _opened(one: "Ancestor", told: "set[Address]", everything: bool) -> "tuple[list[tuple[str, Address]], int]":
    """Port and address of the parents to show, each once, and how many are left out."""
    unique = {name: list(dict.fromkeys(group)) for name, group in one.parents.items()}
    every = [(name, address) for name, group in unique.items() for address in group]
    if everything or len(every) <= 2 * MANY:
        return every, 0
    shown = [(name, address) for name, group in unique.items() for address in group[:MANY] if address not in told]
    return shown, len(every) - len(shown)
