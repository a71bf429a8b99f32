"""The capture artifact: what every later stage reads of a location."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np


@dataclass(frozen=True)
class Cameras:
    """The content of `cameras.json`: one pinhole, one size, poses as OpenCV camera-to-world."""

    width: int
    height: int
    pinhole: np.ndarray  # [4] fx, fy, cx, cy in pixels, centres at +0.5
    c2w: np.ndarray  # [F, 4, 4]
    up: np.ndarray  # [3] world up, unit length
    scale_m_per_unit: float | None  # None when the capture is not metric

    def to_json(self, held_out_every: int) -> dict[str, object]:
        """JSON value with the held-out split of `is_held_out`."""
        pinhole = dict(zip(("fl_x", "fl_y", "cx", "cy"), self.pinhole.tolist(), strict=True))
        frames = [
            {"file": f"images/{i:06d}.png", "c2w": pose.tolist(), "held_out": is_held_out(i, held_out_every)}
            for i, pose in enumerate(self.c2w)
        ]
        scale = {"metric": self.scale_m_per_unit is not None, "scale_m_per_unit": self.scale_m_per_unit}
        return {"width": self.width, "height": self.height, **pinhole, "up": self.up.tolist(), **scale, "frames": frames}


def is_held_out(index: int, every: int) -> bool:
    """One photo of each block of `every`, each time one place later, so that a capture taken in rounds of that length
    does not give all its held-out photos from one height."""
    block, place = divmod(index, every)
    return place == block % every


def write_cameras(path: Path, cameras: Cameras, held_out_every: int) -> int:
    """Write `cameras.json`; returns the number of held-out photos."""
    path.write_text(json.dumps(cameras.to_json(held_out_every)))
    return sum(is_held_out(i, held_out_every) for i in range(len(cameras.c2w)))


def write_photos(folder: Path, photos: Iterable[np.ndarray]) -> int:
    """Write photos ([H, W, 3] uint8 RGB) as `000000.png` and so on; returns how many."""
    count = 0
    for photo in photos:
        write_photo(folder / f"{count:06d}.png", photo)
        count += 1
    return count


def write_photo(path: Path, photo: np.ndarray) -> None:
    """Write one photo ([H, W, 3] uint8 RGB) as PNG.

    Raises:
        OSError: it cannot be written, as on a full disk.
    """
    if not cv2.imwrite(str(path), cv2.cvtColor(photo, cv2.COLOR_RGB2BGR)):
        raise OSError(f"cannot write {path.name}")
