"""What a run that ended badly has to say: every failed job's own words, and how much was not run because of it."""

from pathlib import Path

from compiler.run.frozen_plan import FrozenPlan

Address = tuple[str, str]
CHANGED = "B317"
"""What a job says when a capture is not what was planned."""
LINES = 20  # of a job's log, when it holds no diagnostic


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
