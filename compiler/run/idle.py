"""The answer to "is anything missing?" when neither the specs, the captures, the code nor the store changed.

A plan with nothing to build is remembered as what it said, together with a key over all that it depended on. The next
call compares the key and the store's listing, imports no models and expands nothing. Whatever does not match, or cannot
be read, leads to the whole way: this can cost time, never truth.
"""

import errno
import hashlib
import json
import os
import stat
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

from compiler.reading.code_key import code_key
from compiler.reading.spec_cache import enabled, write_quietly
from compiler.reading.spec_files import spec_names
from compiler.store.listing import listing, state_of
from runtime.bound.audit import FOLDER as AUDITS
from runtime.files import Unfit, settled, walk
from runtime.sealed import sealed, unsealed
from runtime.trials.listing import manifests

LOCAL_FILE = "simkiln.local.yaml"
LARGEST = 1_000_000
"""Bytes of a file that counts; larger specs are refused."""
WORTHWHILE = 2000
"""Nodes from which on remembering a plan saves more than it costs."""


class Asked(NamedTuple):
    """The state of everything that a plan depends on beside the store and captures, as one `key`.

    `files` maps each spec, and whatever else of the project counts, to a digest of its bytes; it is empty, and the key a new one
    each time, where a file's bytes alone do not tell. `common` is a digest of what does not stand in specs.
    """

    key: str
    common: str
    files: dict[str, str]


@dataclass(frozen=True)
class Idle:
    """A plan with nothing to build.

    `captures` are the folders and files outside the project that specs name, `outside` their signature. `lines` are
    what `simkiln plan` says, with marks. `report` is size and time of the page that was put in place, empty when the
    study has none, None when that was not looked at. `judged` are stages whose artifacts a gate judges that may stop
    something, with the states of their folders: what is built again at its address may have other metrics.
    """

    key: str
    outside: str
    store: str
    listing: dict[str, list[int]]
    captures: list[str]
    counts: dict[str, int]
    lines: Sequence[tuple[str, str | None]]
    report: list[int] | None
    judged: dict[str, list[int]]


def recall(root: Path, study: str, asked: Asked) -> Idle | None:
    """What was remembered of the study, if all of it still holds; else None. `asked` is the `key` of this moment."""
    if not enabled():
        return None
    try:
        known = Idle(**json.loads(unsealed(_file(root, study).read_bytes())))
        holds = (
            known.key == asked.key
            and known.outside == signature(known.captures)
            and known.listing == listing(root, root / known.store).sums()
            and known.judged == states(root / known.store, known.judged)
        )
    except (OSError, ValueError, TypeError):
        return None
    return known if holds else None


def remember(root: Path, study: str, idle: Idle) -> None:
    """Keep an answer for the next call."""
    if enabled() and sum(idle.counts.values()) >= WORTHWHILE:
        write_quietly(_file(root, study), sealed(json.dumps(asdict(idle))))


def states(store: Path, stages: Iterable[str]) -> dict[str, list[int]]:
    """The states of stages' folders in the store."""
    return {stage: list(state_of(store / stage) or ()) for stage in stages}


def page(root: Path, study: str) -> list[int]:
    """Size and time of a study's page, empty when there is none."""
    try:
        shown = os.stat(root / "build" / "report" / f"{study}.html")
    except OSError:
        return []
    return [shown.st_size, shown.st_mtime_ns]


def key(root: Path, study: str, roots: Mapping[str, Path]) -> Asked:
    """A digest over the bytes of every spec, this machine's file, the roots that were given, the code, and the day: a
    waiver may end with it.

    To be asked for before specs are read; whoever remembers something by it asks `compiler.run.remember.as_asked`, too. Where
    a spec is a link, or something is not an ordinary file of a spec's size, there is a new key each time.
    """
    linked = {name: linked for _, name, linked in spec_names(root)}
    others = [LOCAL_FILE, f"{AUDITS}/{study}.json", *manifests(root)]
    files: dict[str, str] = {}
    for name in (*linked, *others):
        data = None if linked.get(name) else _content(f"{root}/{name}")
        if data is None:
            return Asked(f"unknown-{uuid.uuid4().hex}", "", {})
        files[name] = digest_of(data)
    day = time.strftime("%Y-%m-%d", time.gmtime())
    given = [str(root), study, os.environ.get("CI", ""), os.path.expanduser("~"), sorted((k, str(v)) for k, v in roots.items())]
    common = _digest([code_key(), day, given, [(name, files[name]) for name in others]])
    return Asked(_digest([common, list(files.items())]), common, files)


def _digest(value: object) -> str:
    return hashlib.blake2b(json.dumps(value).encode(), digest_size=16).hexdigest()


def digest_of(data: bytes) -> str:
    """Of a file, as `Asked.files` has it."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def same_file(root: Path, name: str, asked: Asked) -> bool:
    """Whether a file has the bytes that it had."""
    data = _content(f"{root}/{name}")
    return data is not None and digest_of(data) == asked.files[name]


def _content(path: str) -> bytes | None:
    """The bytes of an ordinary file, none of one that is absent; None where reading might not end."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return None
        with open(path, "rb") as file:
            data = file.read(LARGEST + 1)
    except (OSError, ValueError):
        return b""
    return data if len(data) <= LARGEST else None


def signature(captures: Iterable[str]) -> str:
    """A digest over names, inodes, sizes and times of all files in folders outside the project.

    Raises:
        OSError: a folder cannot be looked at, holds too much, or a file in it changed a moment ago.
    """
    now_ns = time.time_ns()
    total = hashlib.blake2b(digest_size=16)
    for folder in captures:
        for name, s in sorted(_stats(folder)):
            if not settled(s, now_ns):
                raise Unfit(errno.EAGAIN, "it changed a moment ago")
            total.update(os.fsencode(f"{name}\0{s.st_size}\0{s.st_mtime_ns}\0{s.st_ctime_ns}\0{s.st_ino}\n"))
    return total.hexdigest()


def _stats(path: str) -> Iterator[tuple[str, os.stat_result]]:
    with suppress(OSError):
        yield path, os.stat(path)
    if os.path.isdir(path):
        yield from walk(path)


def _file(root: Path, study: str) -> Path:
    return root / "build" / "cache" / f"idle-{hashlib.blake2b(study.encode(), digest_size=8).hexdigest()}.json"
