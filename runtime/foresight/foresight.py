"""The roles `dynamics`, `continuation` and `transfer`: a video model that is told actions, one that is told none, and one that is
shown controls."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from runtime.foresight.process import ask, cannot

if TYPE_CHECKING:
    import numpy as np


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
    """What a back end of either role does. A subclass of a model that runs elsewhere says the `program` that runs there, whose
    code is the back end's and not the stage's, and which `pipeline` of it."""

    pipeline = ""
    program = Path()

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
        ask(self._command, self.program, room, self.pipeline, said)
        films = np.load(room / "films.npy", allow_pickle=False)
        if films.dtype != np.uint8 or films.shape != (len(shown), frames, *shown.shape[2:]):
            raise cannot(self.pipeline, f"it gave films of shape {films.shape} and type {films.dtype}")
        return films
