"""What is wrong with a file of trials, with the place in that file or in its mapping."""

from collections.abc import Iterable
from dataclasses import dataclass

MOST_SHOWN = 12
"""Faults of one code that are told one by one; the rest is counted."""


@dataclass(frozen=True)
class Where:
    """A stretch of one line of a file; lines and columns count from 1, the end column is exclusive."""

    file: str
    line: int = 1
    col: int = 1
    end_col: int = 1


@dataclass(frozen=True)
class Fault:
    """One mistake. `where` is its place in the file of trials, `key` the path in the mapping that is to blame."""

    code: str
    message: str
    help: str = ""
    where: Where | None = None
    key: tuple[str | int, ...] = ()
    known: tuple[str, ...] = ()
    """Words that the wrong one could have been meant to be."""
    word: str = ""
    """The wrong word."""
    what: str = "columns"
    """What `known` are, in the plural."""


class TrialsRefused(Exception):
    """Raised for files that people can mend."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__("; ".join(f"{f.code}: {f.message}" for f in faults))
        self.faults = few(faults)


def refusal(
    code: str, message: str, hint: str = "", where: Where | None = None, key: tuple[str | int, ...] = ()
) -> TrialsRefused:
    """What to raise for one mistake; see `Fault`."""
    return TrialsRefused(Fault(code, message, hint, where, key))


def few(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """The first faults of each code; the last of them says how many more there are."""
    by_code: dict[str, list[Fault]] = {}
    for fault in faults:
        by_code.setdefault(fault.code, []).append(fault)
    shown: list[Fault] = []
    for found in by_code.values():
        shown += found[:MOST_SHOWN]
        if len(found) > MOST_SHOWN:
            last, more = shown[-1], len(found) - MOST_SHOWN
            hint = f"{last.help}; " if last.help else ""
            shown[-1] = Fault(last.code, last.message, f"{hint}and {more} more like this", last.where, last.key)
    return tuple(shown)
