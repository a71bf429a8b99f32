"""The role `embedder`: pictures as vectors. Nothing heavy is imported here, for stages name the role at their top."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


class Embedder:
    """A back end of the role."""

    def embed(self, pictures: "Sequence[np.ndarray]") -> "np.ndarray":
        """Pictures [H, W, 3] uint8 RGB of any size as vectors of unit length [N, D] float32, near each other where two
        pictures look alike."""
        raise NotImplementedError
