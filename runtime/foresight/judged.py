"""The role `judge` of models that others made: films in, scores out, in a process of their own."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from runtime.foresight.process import ask, cannot
from runtime.world.judge import Judge, Said, Seen

if TYPE_CHECKING:
    import numpy as np


class ByFolder(Judge):
    """A judge whose weights lie in `weights/MODEL` of its environment. A subclass names the `model` of its worker, and how many
    pictures of each rollout it is shown, evenly from first to last (0 for all)."""

    model = ""
    frames = 8

    def __init__(self, command: Sequence[str] = ()) -> None:
        """`command` starts a Python that has the model's libraries."""
        self._command = list(command)

    def judge(self, seen: Seen) -> Said:
        """See `Judge.judge`.

        Raises:
            InputError: R370 when the model cannot be run, or scores something else than what it was shown; R371 when its weights
                are not those that were asked for.
        """
        import numpy as np

        from runtime.foresight import judge_worker

        with TemporaryDirectory(dir=seen.room) as name:
            room = Path(name)
            np.save(room / "films.npy", np.stack([self._shown(film()) for film in seen.films]))
            said = {"model": self.model, "instruction": seen.instruction, "weights": seen.weights}
            ask(self._command, Path(judge_worker.__file__), room, self.model, said)
            with np.load(room / "said.npz", allow_pickle=False) as found:
                score, text = found["score"], found["text"]
        count = len(seen.films)
        if (
            score.shape != (count,)
            or len(text) not in (0, count)
            or not np.isfinite(score).all()
            or np.abs(score - 0.5).max() > 0.5
        ):
            raise cannot(self.model, "it did not give each rollout a score from 0 to 1")
        return Said(score.astype(np.float64), text.astype(bool) if len(text) else None)

    def _shown(self, film: "np.ndarray") -> "np.ndarray":
        import numpy as np

        return film[np.linspace(0, len(film) - 1, self.frames).round().astype(int)] if self.frames else film
