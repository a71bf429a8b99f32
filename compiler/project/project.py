"""A project: what people wrote, typed, with the files that it stands in."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from compiler.diagnostics.diagnostic import Diagnostic
from compiler.project.deferred import Deferred
from compiler.reading.source import MAX_BYTES, Source, Spans, split_lines
from compiler.reading.spec_files import FOLDERS
from compiler.spec.approach import Approach
from compiler.spec.base import Spec
from compiler.spec.gate import Gate
from compiler.spec.location import Location
from compiler.spec.study import Study
from compiler.spec.task import AnyTask, Task
from runtime.bound.asset import Asset
from runtime.bound.dataset import Dataset
from runtime.bound.source import WITHOUT_FILES, Captured
from runtime.bound.source import Source as CaptureSource
from runtime.capture import files
from runtime.problem import Problem

MODELS: dict[str, type[Spec]] = {"location": Location, "task": AnyTask, "approach": Approach, "gate": Gate, "study": Study}
LOCAL_FILE = "simkiln.local.yaml"


@dataclass
class Project:
    """What people wrote, typed. A spec that is out of shape is in `sources` but not among the models.

    `capture_roots` maps a root's name to its folder on this machine; `store` is where artifacts live.
    """

    root: Path
    locations: dict[str, Location] = field(default_factory=dict)
    tasks: dict[str, Task] = field(default_factory=dict)
    approaches: dict[str, Approach] = field(default_factory=dict)
    gates: dict[str, Gate] = field(default_factory=dict)
    studies: dict[str, Study] = field(default_factory=dict)
    sources: dict[tuple[str, str], Source] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    capture_roots: dict[str, Path] = field(default_factory=dict)
    environments: dict[str, Path] = field(default_factory=dict)
    """Environment -> its Python, or the folder of it, as this machine's file says."""
    other_environments: Path = Path(".envs")
    """The folder of environments that it does not name."""
    store: Path = Path("store")
    code: str = "rebuild"
    """What becomes of artifacts whose code no version records: `rebuild` or `ignore`, as this machine's file says."""
    pins: dict[str, str] = field(default_factory=dict)
    """Distribution -> a version that counts in the place of the pinned one."""
    cache: Path = Path("build/cache/digests")
    """The folder where digests of photos are remembered."""
    graphs: dict[str, Any] = field(default_factory=dict)
    """Study -> its `compiler.graph.graph.Graph`, once it was expanded."""
    settled: dict[str, Any] = field(default_factory=dict)
    """Study -> its `compiler.graph.settled.Settled`: locations that laws and expansion take over from earlier."""
    arms: dict[str, str] = field(default_factory=dict)
    """Generated approach (`APPROACH~CONTROL`) -> the approach that declares it."""
    given_roots: dict[str, Path] = field(default_factory=dict)
    """Capture roots from the command line or the environment, which win over this machine's file."""

    inspect: Callable[[Captured, Path | None], Iterable[Problem]] | None = None
    """Says what is wrong with a capture, for who need not look each time; else `runtime.capture.inspect` does."""

    def specs(self, kind: str) -> dict[str, Any]:
        """The specs of a kind (`location`, `task`, `approach`, `gate`, `study`) by id."""
        return getattr(self, FOLDERS[kind])

    def ids(self, kind: str) -> list[str]:
        """Ids of all files of a kind, also of those that are out of shape; generated approaches have none."""
        return self._ids.get(kind, [])

    def source(self, kind: str, name: str) -> Source:
        """The file of a spec."""
        return self.sources[kind, name]

    def spans(self, kind: str, name: str) -> Spans:
        """Spans of the values of a spec, by path."""
        return self.sources[kind, name].spans

    @cached_property
    def _ids(self) -> dict[str, list[str]]:
        ids: dict[str, list[str]] = {}
        for kind, name in sorted(self.sources):
            if kind != "approach" or name not in self.arms:
                ids.setdefault(kind, []).append(name)
        return ids

    @cached_property
    def _by_file(self) -> dict[str, Source]:
        read = self.sources.read() if isinstance(self.sources, Deferred) else list(self.sources.values())
        return {source.name: source for source in reversed(read)}

    def source_folder(self, source: CaptureSource) -> Path | None:
        """The capture folder (or PLY file) of a location's source; None where there is none, or this machine lacks the root."""
        if isinstance(source, WITHOUT_FILES):
            return None
        root = self.capture_roots.get(source.root)
        return files.locate(source, root) if root is not None and os.path.isdir(root) else None

    def asset_root(self, asset: Asset) -> Path | None:
        """The folder that an asset's path is relative to; None where this machine lacks its root."""
        root = self.root if asset.root is None else self.capture_roots.get(asset.root)
        return root.absolute() if root is not None and os.path.isdir(root) else None

    def asset_roots(self, location: str) -> dict[str, Path]:
        """Those of a location's assets, by name; without assets whose root this machine lacks."""
        found = {name: self.asset_root(asset) for name, asset in self.locations[location].assets.items()}
        return {name: root for name, root in found.items() if root is not None}

    def root_folder(self, name: str) -> Path | None:
        """The folder of a root; None where this machine lacks it."""
        root = self.capture_roots.get(name)
        return root.absolute() if root is not None and os.path.isdir(root) else None

    def data(self, location: str, task: str) -> tuple[str, str, Dataset] | None:
        """The dataset of demos for a task at a location, and the kind and id of the spec that says it; the task's counts."""
        for kind, name, spec in (("task", task, self.tasks.get(task)), ("location", location, self.locations.get(location))):
            if spec is not None and spec.data is not None:
                return kind, name, spec.data
        return None

    def lines(self, name: str) -> list[str] | None:
        """The lines of a file that diagnostics name, for showing them."""
        source = self._by_file.get(name)
        if source is not None:
            return source.lines
        try:
            if not (self.root / name).is_file():  # a pipe would be waited for
                return None
            with (self.root / name).open("rb") as file:
                return split_lines(file.read(MAX_BYTES).decode("utf-8-sig", errors="replace"))
        except (OSError, ValueError):
            return None
