"""What is wrong with a splat's file, from its header, its size and some of its values, standard library only."""

from pathlib import Path

from runtime.problem import InputError, Problem
from runtime.splat.read import check_splat


def inspect_ply(path: Path, name: str) -> list[Problem]:
    """Problems of a splat file, under the codes of a source (R215 damaged, R216 no splat, R220 too large, R221 a warning that
    Gaussians will be left out); `name` is its name in the spec."""
    try:
        odd = check_splat(path)
    except InputError as error:
        return [Problem(p.code, p.message.replace(f"`{path.name}`", f"`{name}`", 1), p.help, p.key) for p in error.problems]
    message = f"`{name}` holds values that are not finite: {odd} of the Gaussians looked at will be left out"
    return [Problem("R221", message, "export the splat again, if they matter", "source.path", warning=True)] if odd else []
