"""What is wrong with a splat's PLY file, from its header and its size, standard library only."""

from pathlib import Path

from runtime.problem import InputError, Problem
from runtime.splat.ply_header import read_header


def inspect_ply(path: Path, name: str) -> list[Problem]:
    """Problems of a splat file, under the codes of a source (R215 damaged, R216 no splat); `name` is its name in the
    spec."""
    try:
        read_header(path)
    except InputError as error:
        return [_named(problem, path, name) for problem in error.problems]
    return []


def _named(problem: Problem, path: Path, name: str) -> Problem:
    foreign = "Gaussian properties" in problem.message or "`f_rest` properties" in problem.message
    message = problem.message.replace(f"`{path.name}`", f"`{name}`", 1)
    return Problem("R216" if foreign else "R215", message, problem.help, "source.path")
