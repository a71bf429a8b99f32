"""A problem met while building, shown at the line of the spec that is to blame."""

from collections.abc import Mapping

from runtime.job import Origin
from runtime.problem import Problem


def show_problem(problem: Problem, origins: Mapping[str, Origin], label: str) -> str:
    """The problem as text, in the form that the compiler uses; `origins` is that of `runtime.job.Job`."""
    lines = [f"error[{problem.code}]: {label}: {problem.message}"]
    key = problem.key
    while key and key not in origins:
        key = key.rpartition(".")[0]
    if origin := origins.get(key):
        gutter = " " * len(str(origin["line"]))
        caret = " " * (origin["col"] - 1) + "^" * max(1, origin["length"])
        lines += [
            f"{gutter}--> {origin['file']}:{origin['line']}:{origin['col']}",
            f"{gutter} |",
            f"{origin['line']} | {origin['text']}",
            f"{gutter} | {caret}",
        ]
    if problem.help:
        lines.append(f"   = help: {problem.help}")
    return "\n".join(lines) + "\n"
