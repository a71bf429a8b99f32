"""What was found in captures, kept while looking again would take more than its share of time."""

import time
from pathlib import Path

from runtime.bound.source import Captured
from runtime.capture.inspect import inspect_source
from runtime.problem import InputError, Problem

SHARE = 30
"""Captures are looked at again when this many times as long has passed as looking took: at once where they are few."""


class Looked:
    """Inspects captures, each once between two calls of `begin` that come late enough."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, Path | None], tuple[Problem, ...]] = {}
        self._spent_s, self._since_s = 0.0, time.monotonic()

    def begin(self) -> None:
        """Forget what was found, if it is time."""
        if time.monotonic() - self._since_s > SHARE * self._spent_s:
            self._known.clear()
            self._spent_s, self._since_s = 0.0, time.monotonic()

    def __call__(self, source: Captured, folder: Path | None) -> tuple[Problem, ...]:
        """What is wrong with a source."""
        key = source.model_dump_json(), folder
        if key not in self._known:
            begin = time.monotonic()
            try:
                self._known[key] = tuple(inspect_source(source, folder))
            except InputError as error:
                self._known[key] = error.problems
            self._spent_s += time.monotonic() - begin
        return self._known[key]
