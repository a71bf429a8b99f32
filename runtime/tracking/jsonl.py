"""The log as JSON Lines: `STAGE/FINGERPRINT.jsonl`, one file per artifact, so that no two builders share one."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runtime.store.host import host
from runtime.tracking.build import Build, Made, clock


class JsonLines:
    """Appends an event a line: `begin`, any number of `measure`, `end`. Every line names its build by `id`.

    A build without an `end` was killed; a later one is appended below it.
    """

    def __init__(self, build: Build, folder: Path) -> None:
        job = build.job
        self._id = build.id
        self._path = folder / job.stage / f"{job.fingerprint}.jsonl"
        self._path.parent.mkdir(parents=True, exist_ok=True)
        what = {name: getattr(job, name) for name in ("stage", "fingerprint", "version", "label")}
        what |= {"scopes": job.scopes or [job.scope], "params": job.params, "backends": job.backends}
        where = {"host": host(), "pid": os.getpid()}
        self._write("begin", study=build.study, group=build.group(), **what, **where, parents=job.parents)

    def measure(self, step: int, values: Mapping[str, float]) -> None:
        """One line of values."""
        self._write("measure", step=step, values=dict(values))

    def end(self, made: Made) -> None:
        """How it ended, with the artifact's metrics and cost."""
        facts = {name: made.manifest[name] for name in ("metrics", "cost") if name in made.manifest}
        self._write("end", status=made.status, **({"problem": made.problem} if made.problem else {}), **facts)

    def _write(self, event: str, **facts: Any) -> None:
        line = json.dumps({"event": event, "time": clock(), "id": self._id, **facts})
        with self._path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
