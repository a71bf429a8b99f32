"""The embedded embedder: colour and gradients, without weights."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from runtime.scene_index.embedder import Embedder

if TYPE_CHECKING:
    import numpy as np


class PixelEmbedder(Embedder):
    """Role `embedder` in numpy."""

    def embed(self, pictures: "Sequence[np.ndarray]") -> "np.ndarray":
        """See `Embedder.embed`."""
        import numpy as np

        from runtime.scene_index.descriptor import describe

        return np.stack([describe(picture) for picture in pictures])
