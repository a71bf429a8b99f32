"""Libraries of others that decide results: which versions the committed pins name, and how much of a version counts.

A stage says of which libraries its results depend (`libraries=minor("numpy") | exact("pycolmap")`), a back end in its
description. What the pins say is part of addresses, what is installed is not: so a machine without any of them plans the
same addresses, and a job whose installed versions are others refuses (B318).
"""

import re
import subprocess
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, requires, version
from itertools import zip_longest
from pathlib import Path
from typing import Literal

Precision = Literal["minor", "exact"]
DISTRIBUTION = "simkiln"
BESIDE = Path(__file__).resolve().parents[1] / "pyproject.toml"
_ASK = """import sys
from importlib.metadata import PackageNotFoundError, version
for name in sys.argv[1:]:
    try:
        print(version(name))
    except PackageNotFoundError:
        print()
"""
_PIN = re.compile(r"^([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?\s*==\s*([\w.+!-]+)")


def minor(*names: str) -> dict[str, Precision]:
    """Libraries of which the first two numbers of a version count."""
    return dict.fromkeys(names, "minor")


def exact(*names: str) -> dict[str, Precision]:
    """Libraries of which the whole version counts."""
    return dict.fromkeys(names, "exact")


def rounded(found: str, precision: Precision) -> str:
    """As much of a version as counts; which build it is (`+cpu`) never does: pins do not say."""
    public = found.partition("+")[0]
    return public if precision == "exact" else ".".join([*public.split("."), "0"][:2])


@cache
def pins() -> Mapping[str, str]:
    """Distribution -> the version that is pinned, from the `pyproject.toml` beside the code, or from the installed metadata."""
    with suppress(OSError, ValueError, KeyError):  # an installed wheel has none
        project = tomllib.loads(BESIDE.read_text(encoding="utf-8"))["project"]
        if project["name"] == DISTRIBUTION:
            return pinned(project)
    with suppress(PackageNotFoundError):
        return _pinned(requires(DISTRIBUTION) or [])
    return {}


def pinned(project: Mapping) -> dict[str, str]:
    """The pins in a table `[project]`."""
    extras = project.get("optional-dependencies", {})
    return _pinned([*project.get("dependencies", ()), *(line for lines in extras.values() for line in lines)])


def installed(name: str) -> str | None:
    """The version that this environment has; None where there is none."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def installed_there(command: Sequence[str], names: Iterable[str]) -> dict[str, str | None]:
    """The versions that the environment of another Python has; of all None when it does not start."""
    names = list(names)
    done = subprocess.run([*command, "-c", _ASK, *names], capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines() if done.returncode == 0 else []
    return {name: line or None for name, line in zip_longest(names, lines[-len(names) :])}


def _pinned(lines: list[str]) -> dict[str, str]:
    return {found[1].lower(): found[2] for found in map(_PIN.match, lines) if found}
