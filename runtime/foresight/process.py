"""A model that others made, in a process of its own: it is asked with files, and answers with files."""

import hashlib
import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from runtime.problem import InputError, Problem

MOST_FILES = 10_000


def ask(command: Sequence[str], worker: Path, room: Path, model: str, said: Mapping[str, Any]) -> dict[str, Any]:
    """What a worker answers that is asked `said` in a room, a folder that holds what it is shown.

    Args:
        command: starts a Python that has the model's libraries; weights lie in `weights/MODEL` of its environment.
        worker: the program, which needs nothing of ours.
        model: its name, for people.
        said: `weights` is the sha256 that `digest_of` gives the folder of weights.

    Raises:
        InputError: R370 when the model cannot be run; R371 when its weights are not those that were asked for.
    """
    (room / "asked.json").write_text(json.dumps(said) + "\n")
    try:
        done = subprocess.run([*command, str(worker), str(room)], capture_output=True, check=False)
    except OSError as error:
        raise cannot(model, f"its Python `{command[0]}` does not start: {error.strerror}") from error
    answer = room / "answer.json"
    if not answer.is_file():
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["it said nothing"]
        raise cannot(model, f"it ended with status {done.returncode}: {last[0][:300]}")
    found = json.loads(answer.read_text())
    if "weights" in found:
        raise other_weights(model, found["weights"], said["weights"])
    if "error" in found:
        raise cannot(model, str(found["error"])[:500])
    return found


def cannot(model: str, why: str) -> InputError:
    """R370."""
    help = "`simkiln backends` says what it needs: its environment, and its weights in a folder there"
    return InputError(Problem("R370", f"the model `{model}` cannot be run: {why}", help))


def other_weights(model: str, found: str, asked: str) -> InputError:
    """R371."""
    message = f"the weights of `{model}` are sha256 {found}, the study asks for {asked or 'none'}"
    help = "if these are the ones that you mean, write that digest as `weights` of the stage; it is part of the address"
    return InputError(Problem("R371", message, help))


def digest_of(folder: Path) -> str:
    """sha256 over names and bytes of all files of a folder, in order of names; what is reached through links counts.

    Raises:
        OSError: one cannot be read. ValueError: there are too many, or none.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file() and ".cache" not in path.relative_to(folder).parts)
    if not 0 < len(files) <= MOST_FILES:
        raise ValueError(f"`{folder.name}` holds {len(files)} files")
    digest = hashlib.sha256()
    for path in files:
        with path.open("rb") as file:
            own = hashlib.file_digest(file, "sha256").hexdigest()
        digest.update(f"{path.relative_to(folder).as_posix()}\0{own}\n".encode())
    return digest.hexdigest()
