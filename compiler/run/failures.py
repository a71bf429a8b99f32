"""What a run that ended badly has to say: every failed job's own words, and how much was not run because of it."""

from pathlib import Path

from compiler.run.frozen_plan import FrozenPlan

Address = tuple[str, str]
CHANGED = "B317"
"""What a job says when a capture is not what was planned."""
LINES = 20  # of a job's log, when it holds no diagnostic
SNAKEMAKE_LOG = "build/snakemake.log"
"""What Snakemake itself said last."""


def explain_failures(root: Path) -> str:
    """Text on the newest run of the project in `root`; empty when all that was planned is published.

    A job that has a log was started and failed; one without was never run.
    """
    if (plan := _newest(root)) is None:
        return ""
    absent, logs = plan.absent(root), _logs(root, plan)
    parts = [_words(plan.label(*address), log) for address, log in logs.items()]
    if absent:
        built = len(plan.planned()) - len(absent)
        parts.append(f"{built} built, {len(logs)} failed, {len(absent) - len(logs)} not run\n")
    return "\n".join(parts)


def newest(root: Path) -> str | None:
    """The folder of the newest run of the project in `root`, which tells whether a call came as far as a run of its own."""
    plan = _newest(root)
    return None if plan is None else plan.run


def never_begun(root: Path, code: int) -> str:
    """What Snakemake, which ended with `code`, said itself: nothing that was planned has failed."""
    log = root / SNAKEMAKE_LOG
    said = log.read_text(errors="replace").strip().splitlines()[-LINES:] if log.is_file() else []
    said.append(f"Snakemake ended with exit code {code}, and no job failed: it says why above")
    return "".join(f"{line}\n" for line in said)


def captures_changed(root: Path) -> bool:
    """Whether jobs of the newest run refused captures that are not what was planned: planning again mends that."""
    plan = _newest(root)
    return plan is not None and any(f"error[{CHANGED}]" in log for log in _logs(root, plan).values())


def _newest(root: Path) -> FrozenPlan | None:
    path = root / "build" / "plan.json"
    return FrozenPlan(path) if path.is_file() else None


def _logs(root: Path, plan: FrozenPlan) -> dict[Address, str]:
    """What the failed jobs of a run said."""
    logs = {address: root / plan.log(*address) for address in plan.absent(root)}
    return {address: log.read_text(errors="replace") for address, log in logs.items() if log.is_file()}


def _words(label: str, log: str) -> str:
    start = log.find("error[")
    if start >= 0:
        return log[start:]
    return f"{label} failed:\n" + "\n".join(log.splitlines()[-LINES:]) + "\n"
