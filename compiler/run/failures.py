"""What a run that ended badly has to say: every failed job's own words, and how much was not run because of it."""

from pathlib import Path

from compiler.run.frozen_plan import FrozenPlan

LINES = 20  # of a job's log, when it holds no diagnostic


def explain_failures(root: Path) -> str:
    """Text on the newest run of the project in `root`; empty when all that was planned is published.

    A job that has a log was started and failed; one without was never run.
    """
    path = root / "build" / "plan.json"
    if not path.is_file():
        return ""
    plan = FrozenPlan(path)
    absent = plan.absent(root)
    logs = {address: root / plan.log(*address) for address in absent}
    failed = [address for address in absent if logs[address].is_file()]
    parts = [_words(plan.label(*a), logs[a].read_text(errors="replace")) for a in failed]
    if absent:
        built = len(plan.planned()) - len(absent)
        parts.append(f"{built} built, {len(failed)} failed, {len(absent) - len(failed)} not run\n")
    return "\n".join(parts)


def _words(label: str, log: str) -> str:
    start = log.find("error[")
    if start >= 0:
        return log[start:]
    return f"{label} failed:\n" + "\n".join(log.splitlines()[-LINES:]) + "\n"
