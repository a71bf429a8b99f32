"""git, asked about a repository that a stranger may have filled. It only reads: objects as they are, nothing besides.

Configuration of the system, of the person and of the repository can name programs (filters, hooks, file system monitors,
pagers, helpers of remotes) and other objects (replacements, grafts, commit graphs, partial clones). All of that is off.
Of the person's configuration one thing is kept, the folders that are safe though somebody else owns them.
"""

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

MOST_BYTES = 64 * 2**20
"""Of one answer."""
_OFF = {
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "core.attributesFile": os.devnull,
    "core.commitGraph": "false",
    "submodule.recurse": "false",
    "protocol.allow": "never",
    "safe.bareRepository": "explicit",  # a folder of the work tree that looks like a repository is none
}
_ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_GRAFT_FILE": os.devnull,
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",  # there is no such protocol, so none is allowed: an older git knows no GIT_NO_LAZY_FETCH
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_PAGER": "cat",
    "LC_ALL": "C",
}
_KEPT = ("GIT_CEILING_DIRECTORIES", "GIT_DISCOVERY_ACROSS_FILESYSTEM")
"""Of git's own variables: where it stops looking for a repository. The others may be those of a hook of another one."""
_CONFIGURATION = ("GIT_CONFIG_SYSTEM", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM")
_SAFE = "safe.directory"


@dataclass(frozen=True)
class Answer:
    """What git printed, and its exit code; `cut` when that was more than was asked for."""

    code: int
    out: bytes
    error: bytes
    cut: bool = False

    @property
    def distrusts(self) -> bool:
        """Whether git refuses the repository, because its folder belongs to somebody else."""
        return self.code != 0 and _SAFE.encode() in self.error


def git(root: Path, *words: str, given: bytes = b"", most: int = MOST_BYTES) -> Answer:
    """Run git in a folder, with `given` as its input, and read at most `most` bytes of what it prints.

    Raises:
        ValueError: when git is not installed, or cannot be started there.
    """
    answer = _run(root, words, {}, given, most)
    if answer.distrusts and (safe := _safe_directories()):
        answer = _run(root, words, {_SAFE: safe}, given, most)
    return answer


def _run(root: Path, words: tuple[str, ...], more: dict[str, tuple[str, ...]], given: bytes, most: int) -> Answer:
    off = [f"{name}={value}" for name, value in _OFF.items()] + [f"{name}={v}" for name, values in more.items() for v in values]
    command = [_program(), "--no-pager", "--literal-pathspecs", *(word for one in off for word in ("-c", one)), *words]
    with tempfile.TemporaryFile() as asked, tempfile.TemporaryFile() as said:
        asked.write(given)
        asked.seek(0)
        try:
            process = subprocess.Popen(
                command, cwd=root, env=_environment(_KEPT) | _ENVIRONMENT, stdin=asked, stdout=subprocess.PIPE, stderr=said
            )
        except OSError as error:
            raise ValueError(f"git cannot be started in {root}: {(error.strerror or str(error)).lower()}") from None
        assert process.stdout is not None
        with process:
            out = process.stdout.read(most + 1)
            if cut := len(out) > most:
                process.kill()
        said.seek(0)
        return Answer(process.returncode, out[:most], said.read(1 << 16), cut)


@lru_cache(1)
def _safe_directories() -> tuple[str, ...]:
    """The folders that this machine and this person call safe; git takes them from no repository."""
    found = []
    for whose in ("--system", "--global"):
        words = [_program(), "config", whose, "--includes", "--null", "--get-all", _SAFE]
        done = subprocess.run(words, cwd=os.sep, env=_environment(_CONFIGURATION), capture_output=True, check=False)
        found += [os.fsdecode(one) for one in done.stdout.split(b"\0")[:-1]]
    return tuple(found)


def _environment(kept: tuple[str, ...]) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("GIT_") or name in kept}


def _program() -> str:
    """Git by its whole path: a folder on PATH that is relative would mean one in the repository."""
    found = shutil.which("git", path=os.pathsep.join(folder for folder in os.get_exec_path() if os.path.isabs(folder)))
    if found is None:
        raise ValueError("git is not installed here, and revisions need it")
    return found
