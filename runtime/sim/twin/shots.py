"""The photos of a capture as a twin needs them: their cameras at any width, pictures read only where they are shown."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from runtime.splat.photos import scaled_intrinsics


@dataclass(frozen=True)
class Shot:
    """One photo. `c2w` [4, 4] OpenCV camera-to-world, scene units; `K` [3, 3] and the size in pixels."""

    index: int
    name: str  # what the photo is called where it comes from
    file: Path
    width: int
    height: int
    K: np.ndarray
    c2w: np.ndarray
    held_out: bool

    def reduced(self, width_px: int) -> "Shot":
        """The same at this width, or as it is where it is narrower."""
        width = min(width_px, self.width)
        height = max(1, round(self.height * width / self.width))
        K = scaled_intrinsics(self.K, width / self.width, height / self.height)
        return Shot(self.index, self.name, self.file, width, height, K, self.c2w, self.held_out)

    def picture(self) -> np.ndarray:
        """The photo [H, W, 3] float32 in 0..1, at the shot's size."""
        with Image.open(self.file) as picture:
            rgb = picture.convert("RGB")
            rgb = rgb if rgb.size == (self.width, self.height) else rgb.resize((self.width, self.height), Image.Resampling.BOX)
            return np.asarray(rgb, np.float32) / 255


def read_shots(capture: Path) -> list[Shot]:
    """All photos of a capture artifact, in order; none where it was made of a splat."""
    content = json.loads((capture / "cameras.json").read_text())
    found = []
    for i, frame in enumerate(content["frames"]):
        camera = content["cameras"][frame["camera"]]
        K = np.array([[camera["fl_x"], 0, camera["cx"]], [0, camera["fl_y"], camera["cy"]], [0, 0, 1]], np.float64)
        c2w, size = np.array(frame["c2w"], np.float64), (int(camera["width"]), int(camera["height"]))
        found.append(Shot(i, frame["name"], capture / frame["file"], *size, K, c2w, bool(frame["held_out"])))
    return found


def evenly(shots: list[Shot], count: int) -> list[Shot]:
    """At most `count` of the shots, evenly over their order."""
    picks = np.unique(np.linspace(0, len(shots) - 1, min(count, len(shots))).round().astype(int)) if shots else []
    return [shots[i] for i in picks]
