"""Training that was killed goes on where it was: all that it depends on, in one file, replaced as a whole."""

import os
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import numpy as np

EVERY_S = 30.0  # of wall time; when it is saved changes no result


class Stateful(Protocol):
    """Something whose state is arrays."""

    def state(self) -> dict[str, np.ndarray]:
        """Arrays that it is restored from."""
        ...


def nested(parts: Mapping[str, Stateful]) -> dict[str, np.ndarray]:
    """The states of several parts as one, with `NAME.` before each of their names."""
    return {f"{name}.{key}": value for name, one in parts.items() for key, value in one.state().items()}


def part(state: Mapping[str, np.ndarray], name: str) -> dict[str, np.ndarray]:
    """What `nested` put there for one of the parts."""
    return {key[len(name) + 1 :]: value for key, value in state.items() if key.startswith(f"{name}.")}


class Checkpoint:
    """A file in a folder that outlives the process, written every EVERY_S seconds at most; without a folder nothing is kept."""

    def __init__(self, folder: Path | None) -> None:
        """Nothing is read or written yet."""
        self._path = folder / "training.npz" if folder else None
        self._last = time.monotonic()

    def due(self) -> bool:
        """Whether it is time to save."""
        return self._path is not None and time.monotonic() - self._last >= EVERY_S

    def save(self, state: Mapping[str, np.ndarray]) -> None:
        """Replace what was saved before."""
        assert self._path is not None
        self._path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self._path.with_suffix(".new")
        with temporary.open("wb") as file:
            np.savez(file, allow_pickle=False, **state)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._path)
        self._last = time.monotonic()

    def load(self) -> dict[str, np.ndarray] | None:
        """What was saved last; None without any, or where it cannot be read."""
        if self._path is None or not self._path.is_file():
            return None
        try:
            with np.load(self._path) as file:
                return {name: file[name] for name in file.files}
        except (OSError, ValueError, EOFError, zipfile.BadZipFile):
            return None
