"""What a running stage writes to: its temporary folder, its progress, its measured contract."""

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runtime.contract import Contract
from runtime.private import private_folder
from runtime.tracking.log import Log


class Out:
    """Handle to the artifact under construction. A stage writes below `root` and nowhere else.

    `source_dir` is a private copy of the folder (or PLY file) of a location's photos or splat, for the stage that captures, and
    of its assets, a folder for each, for the stage that has them.
    `scratch` is where a folder may be made that is still there when a killed job is started again.
    `scope` names what this node stands for (location, task, approach, seed, domain). Artifacts are shared by content,
    so nothing in one may depend on it, except for messages.
    """

    def __init__(
        self,
        root: Path,
        makes: Mapping[str, str],
        label: str = "",
        source_dir: Path | None = None,
        quiet: bool = False,
        scope: Mapping[str, str] | None = None,
        log: Log | None = None,
        scratch: Path | None = None,
    ) -> None:
        self.root = root
        self.scope = dict(scope or {})
        self.source_dir = source_dir
        self.scratch = scratch
        self.measured = Contract()
        self._tracked = log or Log()
        self._makes = {name.rstrip("?"): path for name, path in makes.items()}
        self._optional = {name.rstrip("?") for name in makes if name.endswith("?")}
        self._label, self._quiet, self._last = label, quiet, 0.0

    def path(self, name: str) -> Path:
        """The path of a declared output, with the folders above it (and itself, when a folder) made."""
        relative = self._makes[name]
        target = self.root / relative
        (target if relative.endswith("/") else target.parent).mkdir(parents=True, exist_ok=True)
        return target

    def contract(self, **facts: Any) -> None:
        """State what was measured in the content; compared with the stage's `offers` before publication."""
        self.measured = Contract.from_json(facts)

    def progress(self, fraction: float, note: str = "") -> None:
        """Say how far the stage is, at most twice a second and always at the end."""
        now = time.monotonic()
        if self._quiet or (now - self._last < 0.5 and fraction < 1):
            return
        self._last = now
        sys.stderr.write(f"{self._label} {fraction:4.0%} {note}\n")
        sys.stderr.flush()

    def measure(self, step: int, **values: float) -> None:
        """Log values at a step of the stage's own clock, such as a loss; steps rise. The artifact holds none of it."""
        self._tracked.measure(step, values)

    def log(self, text: str) -> None:
        """A line for the job's log."""
        if not self._quiet:
            sys.stderr.write(f"{self._label} {text}\n")

    def aside(self, name: str) -> Path:
        """A path for what people should see and no artifact holds, such as why something was refused: beside the log."""
        beside = self._tracked.beside or private_folder("aside") / "build"
        beside.parent.mkdir(parents=True, exist_ok=True)
        return beside.with_name(f"{beside.name}.{name}")

    def missing(self) -> list[str]:
        """Declared outputs that are not there and may not be absent."""
        required = {n: p for n, p in self._makes.items() if n not in self._optional}
        return [p for p in required.values() if not (self.root / p).exists()]
