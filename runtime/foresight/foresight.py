"""The roles `dynamics`, `continuation` and `transfer`: a video model that is told actions, one that is told none, and one that is
shown controls."""

import hashlib
import json
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from runtime.problem import InputError, Problem

if TYPE_CHECKING:
    import numpy as np

WORKER = Path(__file__).with_name("worker.py")
MOST_FILES = 10_000


@dataclass(frozen=True)
class Asked:
    """How a video model is run, whatever it is shown. `weights` is the sha256 that `digest_of` gives its folder. It is shown
    pictures, or controls of the kind `control`, which count with `strength`."""

    prompt: str
    fps: float
    steps: int = 35
    guidance: float = 1.0
    seed: int = 0
    weights: str = ""
    guardrail: bool = True
    control: str = ""
    strength: float = 1.0


class Foresight:
    """What a back end of either role does. A subclass of a model that runs elsewhere says the `pipeline` of its worker."""

    pipeline = ""

    def __init__(self, command: Sequence[str] = ()) -> None:
        """`command` starts a Python that has the model's libraries; its weights lie in `weights/PIPELINE` of its environment."""
        self._command = list(command)

    def foresee(self, shown: "np.ndarray", poses: "np.ndarray | None", frames: int, asked: Asked, room: Path) -> "np.ndarray":
        """What follows the pictures that were shown.

        Args:
            shown: u8 [N, k, H, W, 3], the last ones first seen last.
            poses: of the role `dynamics`, f32 [N, frames, 10]: where the hand is asked to be after each step, from where it is
                at first: place in metres, two columns of its turn (Zhou et al. 2019), how far it is open in 0..1. Else None.
            frames: how many to foresee.
            asked: how.
            room: an empty folder for files on the way.

        Returns:
            u8 [N, frames, H, W, 3].

        Raises:
            InputError: R370 when the model cannot be run; R371 when its weights are not those that were asked for.
        """
        import numpy as np

        np.save(room / "shown.npy", shown)
        if poses is not None:
            np.save(room / "poses.npy", poses)
        said = {"pipeline": self.pipeline, "frames": frames, **asdict(asked)}
        (room / "asked.json").write_text(json.dumps(said) + "\n")
        try:
            done = subprocess.run([*self._command, str(WORKER), str(room)], capture_output=True, check=False)
        except OSError as error:
            raise self._cannot(f"its Python `{self._command[0]}` does not start: {error.strerror}") from error
        answer = room / "answer.json"
        if not answer.is_file():
            last = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["it said nothing"]
            raise self._cannot(f"it ended with status {done.returncode}: {last[0][:300]}")
        found = json.loads(answer.read_text())
        if "weights" in found:
            message = (
                f"the weights of `{self.pipeline}` are sha256 {found['weights']}, the study asks for {asked.weights or 'none'}"
            )
            help = "if these are the ones that you mean, write that digest as `weights` of the stage; it is part of the address"
            raise InputError(Problem("R371", message, help))
        if "error" in found:
            raise self._cannot(str(found["error"])[:500])
        films = np.load(room / "films.npy", allow_pickle=False)
        if films.dtype != np.uint8 or films.shape != (len(shown), frames, *shown.shape[2:]):
            raise self._cannot(f"it gave films of shape {films.shape} and type {films.dtype}")
        return films

    def _cannot(self, why: str) -> InputError:
        help = "docs/world-model.md says what it needs: its environment, and its weights in a folder there"
        return InputError(Problem("R370", f"the video model `{self.pipeline}` cannot be run: {why}", help))


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
