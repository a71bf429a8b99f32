"""The page of each diagnostic code: `docs/errors/CODE.md`, and for codes of running jobs a row of `running.md`.

In a wheel the pages lie beside this file (`compiler/errors/`, see `force-include` in pyproject.toml).
"""

import re
from functools import cache
from pathlib import Path

from compiler.diagnostics.codes import TITLES

FAMILIES = {
    "Y": "syntax",
    "S": "shape",
    "R": "references and captures",
    "B": "back ends",
    "X": "experiment design",
    "T": "trials from elsewhere",
}
"""First letter of a code -> what the family is about."""
_ROW = re.compile(r"^\| ([A-Z]\d{3}) \| (.+?) \| (.+?) \|$", re.MULTILINE)


def folder() -> Path:
    """Where the pages are: inside the installed package, or in the repository."""
    here = Path(__file__).resolve().parents[1]
    shipped = here / "errors"
    return shipped if shipped.is_dir() else here.parent / "docs" / "errors"


@cache
def running() -> dict[str, tuple[str, str]]:
    """Code of a running job -> what is wrong, and what to do."""
    text = (folder() / "running.md").read_text(encoding="utf-8")
    return {code: (wrong, remedy) for code, wrong, remedy in _ROW.findall(text)}


def titles() -> dict[str, str]:
    """Every code -> its title, the families in the order of the design."""
    known = TITLES | {code: wrong for code, (wrong, _) in running().items()}
    return {code: known[code] for family in FAMILIES for code in sorted(known) if code.startswith(family)}


def page(code: str) -> str:
    """The page of a code, in Markdown.

    Raises:
        KeyError: when there is no such code.
    """
    if code in running():
        wrong, remedy = running()[code]
        return (
            f"# {code}: {wrong}\n\nMet while building: a running job finds it, because only the content can tell."
            f"\n\nWhat to do: {remedy}.\n"
        )
    if code not in TITLES:
        raise KeyError(code)
    return (folder() / f"{code}.md").read_text(encoding="utf-8")
