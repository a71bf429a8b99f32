"""Has code changed? A digest of a stage's file, or of a back end's module, and of all of ours that it imports or reads.

`versions.json` records, per stage and back end, the version and the digest that goes with it. Where they part, whatever is
built gets an address of its own (`compiler/graph/identity.py`), and a test fails: either the results changed (bump `version`
in the stage's file or the back end's description) or they did not (say why). Both are recorded by

    python -m runtime.build.code_digest STAGE "why"        (a back end is named as ROLE/NAME)
"""

import json
import os
import sys
import time
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, TypedDict

from runtime.backend import OURS, info
from runtime.build.closure import PACKAGE, Closure, Closures
from runtime.stage import load_stages

RECORD = PACKAGE / "stages" / "versions.json"
SKEW_NS = 5_000_000_000
"""How far the clock of a file server may be ahead of ours."""


class Recorded(TypedDict):
    """What goes with a version of a stage or a back end: its digest, and the reason given when that was recorded."""

    version: int | str
    digest: str
    reason: str


def recorded() -> dict[str, Recorded]:
    """The record by stage, and by `ROLE/NAME` of our back ends."""
    return json.loads(RECORD.read_text()) if RECORD.exists() else {}


def closures(names: Iterable[str]) -> dict[str, Closure]:
    """Stages and back ends (`ROLE/NAME`) -> the files that their results depend on, as they are now.

    Raises:
        InputError: when a back end's description is broken.
    """
    reader = Closures()
    found = {name: reader.of(module_of(name)) for name in names}
    reader.save()
    return found


def module_of(name: str) -> str:
    """The module of a stage or of a back end."""
    role, _, chosen = name.partition("/")
    return info(role, chosen).target.partition(":")[0] if chosen else load_stages()[name].function.__module__


def version_of(name: str) -> int | str:
    """The version of a stage or of a back end."""
    role, _, chosen = name.partition("/")
    return info(role, chosen).version if chosen else load_stages()[name].version


def code_digest(name: str) -> str:
    """SHA-256 over the code of a stage or back end; docstrings and comments do not count."""
    return closures([name])[name].digest


def unrecorded(digests: dict[str, str]) -> list[str]:
    """Those of some stages and back ends whose version goes with another digest in the record, or with none."""
    known = recorded()
    return [
        name
        for name, digest in digests.items()
        if name not in known or (known[name]["version"], known[name]["digest"]) != (version_of(name), digest)
    ]


def record(name: str, reason: str) -> None:
    """Write down that this version of the stage or back end goes with this digest."""
    entries = recorded() | {name: Recorded(version=version_of(name), digest=code_digest(name), reason=reason)}
    RECORD.write_text(json.dumps(dict(sorted(entries.items())), indent=1) + "\n")


def ours() -> Iterator[str]:
    """All that is to be recorded: every stage of ours, and every back end."""
    yield from (name for name, stage in load_stages().items() if stage.function.__module__.startswith("runtime."))
    yield from ("/".join(path.stem.partition("_")[::2]) for path in sorted(OURS.glob("*_*.toml")))


@cache
def at_start(name: str) -> tuple[str, dict[Path, tuple[int, ...]]]:
    """The digest when this process first asked, and the state of the files then: modules stay as they were imported."""
    _watch()
    found = closures([name])[name]
    _ours.update(str(path) for path in found.data.values())
    _ours.update(module.partition(".")[0] for module in found.modules)
    return found.digest, {path: _state(path) for path in found.files()}


def untouched(name: str) -> bool:
    """Whether no file has been written since `at_start`."""
    return all(_state(path) == state for path, state in at_start(name)[1].items())


def changed_since(name: str) -> bool:
    """Whether this process may have read other code than `at_start`: a file is another one since, and something of ours was
    imported or opened after it changed. Who edits code while a policy trains does not lose the policy."""
    digest, states = at_start(name)
    changed = [found for path, state in states.items() if (found := _state(path)) != state]
    return any(not found or found[-1] < _read_ns[0] + SKEW_NS for found in changed) and closures([name])[name].digest != digest


_ours = set[str]()
"""Names of topmost packages, and data files, that count."""
_read_ns = [0]
"""When this process last imported a module of those packages, or opened one of those files."""


@cache
def _watch() -> None:
    """From now on note when that is; at once, for what was read before."""
    _read_ns[0] = time.time_ns()
    sys.addaudithook(_note)


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if event in ("import", "open") and (str(arguments[0]).partition(".")[0] if event == "import" else str(arguments[0])) in _ours:
        _read_ns[0] = time.time_ns()


def _state(path: Path) -> tuple[int, ...]:
    try:
        found = os.stat(path)
    except OSError:
        return ()
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    record(sys.argv[1], sys.argv[2])
