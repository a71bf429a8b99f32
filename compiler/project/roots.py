"""Capture roots as people give them: `NAME=DIR` on the command line, or in the environment of a calling process."""

import os
from collections.abc import Iterable
from pathlib import Path

ROOTS_VARIABLE = "SIMKILN_ROOTS"


def parse_roots(given: Iterable[str]) -> dict[str, Path]:
    """`NAME=DIR` arguments -> folders by name.

    Raises:
        ValueError: when an argument has no `=`.
    """
    roots = {}
    for text in given:
        name, equals, folder = text.partition("=")
        if not (name and equals and folder):
            raise ValueError(f"`{text}` is not of the form NAME=DIR")
        roots[name] = Path(folder).expanduser().absolute()
    return roots


def roots_of_environment() -> dict[str, Path]:
    """Capture roots that a calling process passed on."""
    return parse_roots([r for r in os.environ.get(ROOTS_VARIABLE, "").split(os.pathsep) if r])
