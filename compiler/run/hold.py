"""A run's hold on what it needs: from the plan on, nobody removes it (`compiler.store.lease`)."""

import sys

from compiler.plan.plan import Plan, State
from compiler.project.local_file import remember_place
from compiler.project.project import Project
from compiler.store.lease import Lease
from compiler.store.listing import listing, sums
from runtime.problem import InputError
from runtime.store.trouble import in_words

_held: list[Lease] = []


class PlanAnew(Exception):
    """Something that the plan would read was removed before the run had its hold on it."""


def hold(project: Project, plan: Plan) -> None:
    """Take a lease on what a plan builds and on all that this reads, for as long as this process lives.

    Where the store cannot be written there is none, which is told: jobs will say what is wrong.

    Raises:
        PlanAnew: when some of it went before the lease was written.
    """
    let_go()
    building = list(plan.build())
    if not building:
        return
    read = {parent.address for node in building for parent in node.parents()}
    try:
        _held.append(Lease(project.store, plan.graph.study, sorted(read | {node.address for node in building})))
    except (OSError, InputError) as error:
        said = in_words(error, project.store) if isinstance(error, OSError) else None
        sys.stderr.write(f"simkiln: `simkiln gc` cannot be told what this run needs: {said[0] if said else error}\n")
    remember_place(project)
    now = listing(project.root, project.store)
    if now.sums() == sums(plan.published):
        return
    there = now.published()
    missing = [(stage, name) for stage, name in read if name not in there.get(stage, ())]
    if any(plan.states.get(address, State.REUSE) is State.REUSE for address in missing):
        raise PlanAnew


def let_go() -> None:
    """Give up the hold of this process."""
    while _held:
        _held.pop().end()
