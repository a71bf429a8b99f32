"""What a tracker takes down: one build, how it ended, and what may be said of it on the way."""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from runtime.job import Job


@dataclass(frozen=True)
class Build:
    """One attempt to build an artifact: what it is and what study asked for it."""

    job: Job
    study: str
    id: str = field(default_factory=lambda: os.urandom(6).hex())

    def group(self) -> str:
        """`STUDY/LOCATION/APPROACH`, as far as the artifact stands for one of each."""
        scope = self.job.scope
        return "/".join(part for part in (self.study, scope.get("location"), scope.get("approach")) if part)


@dataclass(frozen=True)
class Made:
    """How a build ended: `built`, `reused` (another builder was first), `refused` (a problem that the user can mend) or
    `failed`. `folder` and `manifest` are those of the artifact, if there is one."""

    status: str
    problem: str = ""
    folder: Path | None = None
    manifest: Mapping[str, Any] = field(default_factory=dict)


class Tracker(Protocol):
    """Takes down one build. Made when it begins; nothing may be called after `end`."""

    def measure(self, step: int, values: Mapping[str, float]) -> None:
        """Values at one step of the stage's own clock, such as a loss at a gradient step."""

    def end(self, made: Made) -> None:
        """The build ended."""


def clock() -> float:
    """Seconds since 1970, to the millisecond."""
    return round(time.time(), 3)
