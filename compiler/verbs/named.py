"""What a node's name means: in one study, or in any and in the store."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compiler.graph.node import Address, Node
    from compiler.plan.plan import Plan
    from compiler.project.project import Project


@dataclass(frozen=True)
class Named:
    """Something that a name means."""

    address: "Address"
    label: str
    planned: "tuple[Plan, Node] | None" = None
    """None for what lies in the store and no study plans."""


def named(project: "Project", name: str, study: str | None) -> list[Named]:
    """Everything that the name may mean: of the first study that plans it, else of the store.

    Raises:
        ValueError: when it means nothing.
        SpecsRefused: when the study that was named has an error.
    """
    from compiler.diagnostics.diagnostic import did_you_mean
    from compiler.plan.study import SpecsRefused, plan_study

    labels: list[str] = []
    broken: dict[str, SpecsRefused] = {}
    studies = sorted(project.ids("study"), key=lambda s: s != "study") if study is None else [study]
    for one in studies:
        try:
            plan = plan_study(project, one)
        except SpecsRefused as refused:
            broken[one] = refused
            continue
        if nodes := plan.graph.find(name):
            return [Named(n.address, n.label, (plan, n)) for n in nodes]
        labels += [n.label for n in plan.graph.nodes.values()]
    if study in broken:
        raise broken[study]
    stored = _in_store(project, name) if study is None else []
    if stored:
        return [Named(address, "no study plans it") for address in stored]
    where = f"study `{study}`" if study else "any study, nor in the store"
    some = [f"`{one}`" for one in broken]
    note = (
        f"; not looked into, as they have errors: {', '.join(some[:4])}{' …' * (len(some) > 4)} (`simkiln check`)" if some else ""
    )
    raise ValueError(f"no `{name}` in {where}; {did_you_mean(name, labels, 'nodes', 6)}{note}")


def _in_store(project: "Project", name: str) -> "list[Address]":
    from runtime.store.store import Store

    stage, _, digits = name.rpartition("/")
    if len(digits) < 4:
        return []
    listing = Store(project.store).listing()
    return [(s, f) for s in sorted(listing) if stage in ("", s) for f in sorted(listing[s]) if f.startswith(digits)]
