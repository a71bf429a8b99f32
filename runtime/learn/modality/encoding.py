"""The role `encoder`: what makes latents of frames. Nothing heavy is imported here, for stages name the role at their top."""

import json
import os
import shutil
import sys
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


class ByFolder(Encoding):
    """One whose weights lie in `weights/KIND` of this Python's environment, as their authors publish them."""

    def kept(self, world: Path, weights: str, to: Path) -> "Encoder":
        """See `Encoding.kept`. Weights are copied once: what is made from them must not change when the folder does."""
        from runtime.foresight.process import cannot, digest_of, other_weights

        folder = Path(sys.prefix) / "weights" / self.kind
        if not folder.is_dir():
            raise cannot(self.kind, f"no folder `weights/{self.kind}` in this environment")
        try:
            found = digest_of(folder)
        except (OSError, ValueError) as error:
            raise cannot(self.kind, f"its weights cannot be read: {error}") from error
        if found != weights:
            raise other_weights(self.kind, found, weights)
        to.mkdir(parents=True, exist_ok=True)
        shutil.copytree(folder, to / WEIGHTS, ignore=shutil.ignore_patterns(".cache"))
        (to / FACTS).write_text(json.dumps({"kind": self.kind, "weights": weights}) + "\n")
        return read_encoder(to)


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


def share(source: Path, to: Path) -> None:
    """Put an encoder beside a policy's weights. What others trained may have gigabytes, so files are linked where they can be:
    those of a store never change."""

    def linked(one: str, other: str) -> None:
        try:
            os.link(one, other)
        except OSError:  # another file system, or one without links
            shutil.copy2(one, other)

    shutil.copytree(source, to, dirs_exist_ok=True, copy_function=linked)
