"""The last picture again: what every video model is held against."""

from typing import TYPE_CHECKING

from runtime.foresight.foresight import Asked, Foresight

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np


class Still(Foresight):
    """Role `dynamics` without a model."""

    def foresee(self, shown: "np.ndarray", poses: "np.ndarray | None", frames: int, asked: Asked, room: "Path") -> "np.ndarray":
        """See `Foresight.foresee`."""
        import numpy as np

        return np.repeat(shown[:, -1:], frames, 1)
