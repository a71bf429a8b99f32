"""A planned job as the compiler hands it to the runtime: one small JSON file, named by the fingerprint."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TypedDict


class Parent(NamedTuple):
    """One input artifact of a job."""

    stage: str
    fingerprint: str


class Origin(TypedDict):
    """Where a spec says something: the stretch and the text of its line."""

    file: str
    line: int
    col: int
    length: int
    text: str


class JobPython(TypedDict, total=False):
    """The words that start the Python of a job whose back end runs elsewhere, and whether that is a container."""

    python: list[str]
    contained: bool


@dataclass(frozen=True)
class Job:
    """All that `python -m runtime` needs to build one artifact.

    `origins` maps a dotted key of the spec to where it stands, so that a problem found while building is shown at its
    line without the compiler. `scopes` is every scope that the node stands
    for when it is built (axis -> value): equal work is shared, so there may be several. `guards`
    are gates that may forbid the job (`runtime.build.guard.Guard` as JSON). `places` says of back ends that do not run
    where stages do (role ->) their `environment` or `image`, the `command` that starts a Python there, and whether only
    a `process` of theirs does. `libraries` (name -> as much of its version as counts) and `code` (empty where the version
    records it) are parts of the address; `pins` (library -> version) and `digests` (stage or `ROLE/NAME` -> digest of its code)
    are what the machine that builds must have. `source_dir` is the folder (or file) of a capture, `asset_roots` name the folders
    that assets lie below.
    """

    stage: str
    version: int
    fingerprint: str
    label: str
    scope: dict[str, str]
    params: dict[str, Any]
    inputs: dict[str, list[Parent]]
    backends: dict[str, dict[str, str]]
    origins: dict[str, Origin]
    content: str | None = None
    source_dir: str | None = None
    asset_roots: dict[str, str] = field(default_factory=dict)
    scopes: list[dict[str, str]] = field(default_factory=list)
    guards: list[dict[str, Any]] = field(default_factory=list)
    places: dict[str, dict[str, Any]] = field(default_factory=dict)
    libraries: dict[str, str] = field(default_factory=dict)
    code: str = ""
    pins: dict[str, str] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)

    @property
    def address(self) -> tuple[str, str]:
        """Stage name and fingerprint."""
        return self.stage, self.fingerprint

    @property
    def parents(self) -> dict[str, list[str]]:
        """Port -> texts `STAGE/FINGERPRINT`, as a manifest names parents."""
        return {port: ["/".join(parent) for parent in found] for port, found in self.inputs.items()}

    def write(self, folder: Path) -> None:
        """Write `folder/STAGE/FINGERPRINT.json` by rename, so that two compilers at once do no harm."""
        path = os.fspath(self.file(folder, *self.address))  # thousands of them: strings are a third of the time of paths
        temporary = f"{path}.{os.urandom(4).hex()}.tmp"
        content = vars(self) | {"inputs": self.parents}
        text = json.dumps(content)
        try:
            Path(temporary).write_text(text, encoding="utf-8")
        except FileNotFoundError:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            Path(temporary).write_text(text, encoding="utf-8")
        os.replace(temporary, path)

    @classmethod
    def read(cls, folder: Path, stage: str, fingerprint: str) -> "Job":
        """Read a job back.

        Raises:
            FileNotFoundError: when the compiler has not planned it.
        """
        value = json.loads(cls.file(folder, stage, fingerprint).read_text())
        value["inputs"] = {port: [Parent(*p.split("/")) for p in parents] for port, parents in value["inputs"].items()}
        return cls(**value)

    @staticmethod
    def file(folder: Path, stage: str, fingerprint: str) -> Path:
        """Where the job's file stands."""
        return folder / stage / f"{fingerprint}.json"
