"""The embedded encoder: the eyes of the place's own world model."""

from pathlib import Path
from typing import TYPE_CHECKING

from runtime.learn.modality.encoding import Encoding

if TYPE_CHECKING:
    from runtime.learn.modality.encoders import Encoder


class WorldEncoding(Encoding):
    """Role `encoder`: objects, turns and joints."""

    kind = "world"

    def kept(self, world: Path, weights: str, to: Path) -> "Encoder":
        """See `Encoding.kept`."""
        from runtime.learn.modality.eyes import WorldEyes

        eyes = WorldEyes.of_world(world / "model")
        eyes.save(to)
        return eyes
