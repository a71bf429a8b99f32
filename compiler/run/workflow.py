"""What the Snakefile calls: before a run, specs to files; after it, the report. When idle it imports little."""

import gc
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from compiler.project.collector import without_gc
from compiler.project.roots import roots_of_environment
from compiler.run import flags
from compiler.run.folder import page_of, write_run
from compiler.run.idle import key, page, recall

if TYPE_CHECKING:
    from compiler.plan.plan import Plan
    from compiler.project.project import Project
    from compiler.run.frozen_plan import FrozenPlan
    from compiler.run.idle import Asked


def compile_study(study: str) -> str:
    """Plan, emit, and return the path of the plan. Ends Snakemake when the specs, or a file system, refuse."""
    flags.heed()
    try:
        return _compiled(Path.cwd(), study)
    except OSError as error:
        _end(error)


def _compiled(root: Path, study: str) -> str:
    asked = key(root, study, roots_of_environment())
    idle = recall(root, study, asked)
    if idle is not None and idle.report in ([], page(root, study)) and not flags.named(idle.listing):
        shown = page_of(study) if idle.report else None
        content = {"counts": idle.counts, "targets": [], "jobs": {}, "nodes": {}, "page": shown}
        return str(write_run(root, study, idle.store, content, ""))
    with without_gc():
        path = _compile(root, study, asked)
        gc.freeze()  # Snakemake goes on in this process: its collector need not look through the graph
    return str(path)


def _compile(root: Path, study: str, asked: "Asked") -> Path:
    from compiler.plan.plan import State
    from compiler.plan.study import SpecsRefused
    from compiler.render.text import render_text
    from compiler.report.publish import publish_report
    from compiler.run.emit import emit
    from compiler.run.hold import PlanAnew, hold
    from compiler.run.memo import with_plan
    from compiler.run.remember import settle

    def use(project: "Project", plan: "Plan") -> Path:
        if not flags.dry():
            hold(project, plan)
        path = emit(project, plan)
        if not plan.count(State.BUILD):
            publish_report(project, plan.graph)
            settle(project, plan, asked, presented=True)
        return path

    try:
        while True:
            with suppress(PlanAnew):
                return with_plan(root, study, asked, None, use)
    except SpecsRefused as refused:
        sys.stderr.write("\n".join(render_text(d, refused.project.lines(d.span.file)) for d in refused.diagnostics))
        sys.stderr.write(f"\n{len(refused.diagnostics)} problems: nothing was built\n")
        sys.stderr.flush()
        os._exit(1)  # Snakemake would wrap any exception in a traceback


def _end(error: OSError) -> NoReturn:
    """End Snakemake with what is wrong with a file system, in words; raises what is another fault."""
    if (words := _in_words(error)) is None:
        raise error
    sys.stderr.write(f"error[B314]: {words[0]}\n   = help: {words[1]}\n")
    sys.stderr.flush()
    os._exit(1)


def _in_words(error: OSError) -> tuple[str, str] | None:
    from runtime.store.trouble import in_words

    words = in_words(error, Path("build"))
    if words is None and os.path.lexists("build") and not os.path.isdir("build"):
        words = (
            "cannot use `build`: it is a file, or a link to a folder that is not there",
            "remove it: a run has its folder there",
        )
    return words


def unexplained(plan: "Plan", absent: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Of what was planned and is not in the store: what no gate has stopped. Says which gates stopped the rest.

    Args:
        plan: as it is after the run, when gates have judged.
        absent: addresses.
    """
    from compiler.plan.plan import State

    stopped = plan.graph.stopped
    if stopped is None or not absent:
        return absent
    sys.stderr.writelines(f"{line}\n" for line in stopped.lines())
    if plan.count(State.BUILD):
        sys.stderr.write(f"run again for the rest without it ({plan.count(State.BUILD)} to build)\n")
    build = {node.address for node in plan.build()}
    return [address for address in absent if address in build]


def finish(frozen: "FrozenPlan") -> None:
    """After Snakemake said that it succeeded: what its jobs were to build must be published; then put the report where
    people look.

    Raises:
        RuntimeError: when something of that is not in the store.
        WorkflowError: when a file system refuses, in words.
    """
    if not frozen.planned():
        return  # whoever compiled an empty plan has put the report in place
    from compiler.plan.study import SpecsRefused
    from compiler.report.publish import publish_report
    from compiler.run.memo import with_plan
    from compiler.run.remember import settle

    root = Path.cwd()
    ended = frozen.ended(root)
    absent = [address for address in frozen.absent(root) if address in ended]
    asked = key(root, frozen.study, roots_of_environment())
    if left := len(frozen.planned()) - len(ended):
        sys.stderr.write(f"{left} more are planned, which this call left out: `snakemake` builds them\n")

    def use(project: "Project", plan: "Plan") -> list[tuple[str, str]]:
        lost = unexplained(plan, absent)
        if not lost:
            publish_report(project, plan.graph)
            settle(project, plan, asked, presented=True)
        return lost

    try:
        lost = with_plan(root, frozen.study, asked, None, use)
    except OSError as error:
        from snakemake.exceptions import WorkflowError  # which Snakemake tells without a traceback, and lets go of its lock

        if (words := _in_words(error)) is None:
            raise
        raise WorkflowError(f"all is built, but not the report's page\nerror[B314]: {words[0]}\n   = help: {words[1]}") from None
    except SpecsRefused:
        lost = absent
        if not lost:
            sys.stderr.write("built as planned; the specs have changed since and have errors: run `simkiln check`\n")
    if lost:
        raise RuntimeError(f"planned but not in the store: {', '.join(frozen.label(*a) for a in lost[:5])}")
