"""The role `encoder` of models that others made, by folder."""

import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from runtime.foresight.process import cannot, digest_of, other_weights
from runtime.learn.modality.encoding import FACTS, WEIGHTS, Encoding, read_encoder

if TYPE_CHECKING:
    from runtime.learn.modality.encoders import Encoder


class ByFolder(Encoding):
    """One whose weights lie in `weights/KIND` of this Python's environment, as their authors publish them."""

    def kept(self, world: Path, weights: str, to: Path) -> "Encoder":
        """See `Encoding.kept`. Weights are copied once: what is made from them must not change when the folder does."""
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
