"""Commands that install back ends: words of a description, never read by a shell."""

import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from compiler.project.backends import CODE

PROGRAMS = ("uv", "docker", "podman", "apptainer", "python", "python3")
ODD = set("|<>;$`\n")


def commands(install: str, root: Path) -> list[list[str]]:
    """Commands of a line such as `uv venv .envs/x && uv pip install ...`, word by word. Environments lie in the project, uv is
    the one on PATH or of `uvw`, and where a Python of this one's version is asked for, it is this one: uv need not find it.

    Raises:
        ValueError: when a part is no command of a program that installs, or would want a shell.
    """
    words = shlex.split(install)
    if odd := [word for word in words if word != "&&" and ODD & set(word)]:
        raise ValueError(f"the description's `install` has `{odd[0]}`, which only a shell understands: run it by hand")
    found: list[list[str]] = [[]]
    for word in words:
        if word == "&&":
            found.append([])
            continue
        found[-1].append(str(root / word) if word.startswith(".envs/") else word)
    for one in found:
        if not one or one[0] not in PROGRAMS:
            raise ValueError(f"the description's `install` starts `{one[0] if one else ''}`: run it by hand: {install}")
        if one[0] == "uv":
            one[0] = shutil.which("uv") or str(CODE / ".uv" / "bin" / "uv")
            version = f"{sys.version_info.major}.{sys.version_info.minor}"
            if "venv" in one and version in one:
                one[one.index(version)] = sys.executable
    return found


def run_all(each: Iterable[list[str]]) -> bool:
    """Run commands one after the other, while they succeed. From an empty folder: uv would hold what it installs to the pins of
    the project that it stands in.
    """
    with tempfile.TemporaryDirectory() as folder:
        for words in each:
            try:
                own = {"venv", "pip"} & set(words)  # `uv sync` is about this project
                if subprocess.run(words, cwd=folder if own else CODE, check=False).returncode:
                    return False
            except OSError as error:
                sys.stderr.write(f"`{words[0]}` does not start: {error.strerror}\n")
                return False
    return True
