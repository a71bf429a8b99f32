"""The role `encoder`: what makes latents of frames. Nothing heavy is imported here, for stages name the role at their top."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runtime.learn.modality.encoders import Encoder

FACTS, WEIGHTS = "encoder.json", "weights"


class Encoding:
    """A back end of the role; `kind` is what its latents are called by."""

    kind = ""

    def kept(self, world: Path, weights: str, to: Path) -> "Encoder":
        """The encoder, and in the folder `to` all that `read_encoder` needs to have it again where policies are tried.

        Args:
            world: artifact of the place's world model.
            weights: sha256 of the folder of weights; empty for one that has none.
            to: a new folder.

        Raises:
            InputError: R344 when it needs the world model's weights and there are none; R370, R371, R411 when its own are not
                there, are others than were asked for, or are no such model.
        """
        raise NotImplementedError


def read_encoder(folder: Path) -> "Encoder":
    """What `Encoding.kept` left in a folder.

    Raises:
        InputError: as it.
    """
    if not (folder / FACTS).is_file():
        from runtime.learn.modality.eyes import WorldEyes

        return WorldEyes.read(folder)
    from runtime.learn.modality.encoders import Pretrained

    return Pretrained(json.loads((folder / FACTS).read_text())["kind"], folder / WEIGHTS, 1)
