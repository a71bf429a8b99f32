"""The capture artifact: what every later stage reads of a location."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from runtime.capture.lens import Lens
from runtime.capture.posed import Shot
from runtime.capture.split import held_out_split

PICTURE, MASK = "images/{:06d}.png", "masks/{:06d}.png"


@dataclass(frozen=True)
class Measured:
    """A scale, and what it rests on. `relative_error` is a standard error; None: nobody says."""

    origin: str
    m_per_unit: float | None = None
    relative_error: float | None = None
    up: np.ndarray | None = None  # [3] unit length
    metrics: dict[str, float] = field(default_factory=dict)
    up_from: str = "spec"  # or: markers, poses, gravity, cameras, site

    def to_json(self) -> dict[str, Any]:
        """What `cameras.json` says of the scale."""
        metric = {"metric": self.m_per_unit is not None, "scale_m_per_unit": self.m_per_unit}
        return metric | {"scale_from": self.origin, "scale_rel_error": self.relative_error, "up_from": self.up_from}

    def figures(self) -> dict[str, Any]:
        """The same for the capture's metrics, without what is not known, and what it rests on."""
        return {key: value for key, value in self.to_json().items() if value is not None} | self.metrics


@dataclass(frozen=True)
class Cameras:
    """What `cameras.json` says of F photos: the pinhole and pose (OpenCV camera-to-world) of each."""

    lenses: list[Lens]  # [F], without distortion; equal ones are one camera
    names: list[str]  # [F], what the photos are called where they come from
    c2w: np.ndarray  # [F, 4, 4]
    up: np.ndarray  # [3] world up, unit length
    scale: Measured
    held_out: list[bool] | None = None  # [F] where the pose file says it; else `held_out_split` does

    def to_json(self, held_out_every: int, masked: Sequence[int] = ()) -> dict[str, Any]:
        """JSON value with the held-out split of `held_out_split`; `masked` are the photos that have a mask."""
        number = {lens: i for i, lens in enumerate(dict.fromkeys(self.lenses))}
        held_out = self.held_out or held_out_split(self.c2w, held_out_every).tolist()
        frames: list[dict[str, Any]] = [
            {"file": PICTURE.format(i), "camera": number[lens], "name": name, "c2w": pose.tolist()}
            | {"held_out": held_out[i]}
            | ({"mask": MASK.format(i)} if i in masked else {})
            for i, (lens, name, pose) in enumerate(zip(self.lenses, self.names, self.c2w, strict=True))
        ]
        cameras = [_camera(lens) for lens in number]
        return {"cameras": cameras, "up": self.up.tolist(), **self.scale.to_json(), "frames": frames}


def _camera(lens: Lens) -> dict[str, float]:
    pinhole = dict(zip(("fl_x", "fl_y", "cx", "cy"), lens.pinhole, strict=True))
    return {"width": lens.width, "height": lens.height, **pinhole}


def write_capture(folder: Path, cameras: Cameras, photos: Iterable[Shot], held_out_every: int) -> tuple[int, int]:
    """Write `cameras.json`, `images/` and, where photos have any, `masks/`; returns the numbers of held-out and of
    masked photos."""
    masked = write_shots(folder, photos)
    content = cameras.to_json(held_out_every, masked)
    (folder / "cameras.json").write_text(json.dumps(content))
    return sum(bool(f["held_out"]) for f in content["frames"]), len(masked)


def write_shots(folder: Path, shots: Iterable[Shot]) -> list[int]:
    """Write `images/000000.png` and so on, and `masks/` of the same names (255 where a pixel counts); returns which
    shots have a mask.

    Raises:
        OSError: one cannot be written, as on a full disk.
    """
    masked = []
    for i, shot in enumerate(shots):
        write_photo(_made(folder / PICTURE.format(i)), shot.rgb)
        if shot.mask is not None:
            masked.append(i)
            _write(_made(folder / MASK.format(i)), shot.mask.astype(np.uint8) * 255)
    return masked


def write_photo(path: Path, photo: np.ndarray) -> None:
    """Write one photo ([H, W, 3] uint8 RGB) as PNG.

    Raises:
        OSError: it cannot be written, as on a full disk.
    """
    _write(path, cv2.cvtColor(photo, cv2.COLOR_RGB2BGR))


def _write(path: Path, picture: np.ndarray) -> None:
    if not cv2.imwrite(str(path), picture):
        raise OSError(f"cannot write {path.name}")


def _made(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
