"""The page of each diagnostic code: `docs/errors/CODE.md`, and for codes of running jobs a row of `running.md`.

The pages are the table of codes: the first line of one, `# CODE: title`, is where a code has its title from. In a wheel
they lie beside this folder (`compiler/errors/`, see `force-include` in pyproject.toml).
"""

import re
from functools import cache
from pathlib import Path

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


def guide(name: str) -> str:
    """A page of `docs/` that a verb prints."""
    return (folder().parent / f"{name}.md").read_text(encoding="utf-8")


@cache
def running() -> dict[str, tuple[str, str]]:
    """Code of a running job -> what is wrong, and what to do."""
    text = (folder() / "running.md").read_text(encoding="utf-8")
    return {code: (wrong, remedy) for code, wrong, remedy in _ROW.findall(text)}


@cache
def codes() -> frozenset[str]:
    """Codes that have a page of their own: those of the compiler."""
    return frozenset(path.stem for path in folder().glob("[A-Z][0-9]*.md"))


@cache
def title(code: str) -> str:
    """What a code means, in a few words.

    Raises:
        KeyError: when there is no such code.
    """
    return page(code).partition("\n")[0].removeprefix(f"# {code}: ")


def titles() -> dict[str, str]:
    """Every code -> its title, the families in the order of the design."""
    known = sorted(codes() | running().keys())
    return {code: title(code) for family in FAMILIES for code in known if code.startswith(family)}


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
    if code not in codes():
        raise KeyError(code)
    return (folder() / f"{code}.md").read_text(encoding="utf-8")
