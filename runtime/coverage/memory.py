"""Whether what is asked for fits into memory: asked before work begins, not found out when it is gone."""

from pathlib import Path

from runtime.problem import InputError, Problem

SHARE = 0.5
"""Of the memory that is free; the rest is for the work itself."""


def free_bytes() -> int | None:
    """Memory that this machine could give a process now; None where it does not say."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return None
    found = [line.split()[1] for line in lines if line.startswith("MemAvailable:")]
    return int(found[0]) * 1024 if found else None


def fits(what: str, count: int, each_bytes: float, key: str) -> None:
    """Refuse `count` of something that take `each_bytes` each, where they do not fit.

    Raises:
        InputError: R356, with the numbers, and how many would fit; `key` is the parameter that asks for them.
    """
    free = free_bytes()
    if free is None or count * each_bytes <= SHARE * free:
        return
    most = max(1, int(SHARE * free / each_bytes))
    message = (
        f"all {count:,} {what} take {count * each_bytes / 1e9:.3g} GB, and half of what is free is {SHARE * free / 1e9:.3g} GB"
    )
    raise InputError(Problem("R356", message, f"`{key.rpartition('.')[2]}: {most}` fits", key))
