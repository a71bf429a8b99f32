"""Reading `transforms.json` as nerfstudio and instant-ngp write it, standard library only.

Poses are camera-to-world in OpenGL axes (x right, y up, z backward). Intrinsics stand at the top or in each frame.
Source: docs.nerf.studio, "data conventions".
"""

import json
import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runtime.capture.bounds import is_usable
from runtime.capture.image_header import PhotoHeader
from runtime.capture.lens import PANORAMA, POLYNOMIAL, Lens, panorama
from runtime.files import Unfit, read_file

DISTORTION = ("k1", "k2", "p1", "p2", "k3", "k4", "k5", "k6")
FISHEYE_DISTORTION = ("k1", "k2", "k3", "k4")
PERSPECTIVE = ("OPENCV", "FULL_OPENCV", "PINHOLE", "SIMPLE_PINHOLE", "SIMPLE_RADIAL", "RADIAL", "PERSPECTIVE")
WRITE_AGAIN = "write it again with the tool that made it"
BESIDE = ("mask", "depth_file", "confidence")
SMALLEST = 1e-6
"""Pixels of a focal length, radians of an angle of view."""
LARGEST = 64 * 2**20
"""Bytes of a pose file; a thousand frames have one million."""


class TransformsError(Exception):
    """The file is not a usable `transforms.json`; the text says what is wrong, `help` what to do."""

    def __init__(self, message: str, help: str = WRITE_AGAIN) -> None:
        super().__init__(message)
        self.help = help


@dataclass(frozen=True)
class TransformsFrame:
    """One photo: its name as written, OpenGL camera-to-world rows, and what is said of its lens (None: nothing)."""

    name: str
    c2w: list[list[float]]
    size: tuple[int, int] | None  # w, h
    focal: tuple[float | None, float | None]  # fl_x, fl_y in pixels
    angle: tuple[float | None, float | None]  # camera_angle_x, camera_angle_y in radians
    center: tuple[float, float] | None  # cx, cy
    distortion: tuple[float, ...]
    model: str = ""  # as `Lens.model`
    held_out: bool = False
    mask: str | None = None  # names, as that of the photo
    depth: str | None = None
    confidence: str | None = None

    def lens(self, header: PhotoHeader) -> Lens:
        """The lens, in the size that the file states, or in that of the photo."""
        width, height = self.size or (header.width, header.height)
        if self.model == PANORAMA:
            return panorama(width, height)
        seen = zip((width, height), self.angle, strict=True)
        by_angle = [None if angle is None else 0.5 * side / math.tan(0.5 * angle) for side, angle in seen]
        x, y = (f if f is not None else a for f, a in zip(self.focal, by_angle, strict=True))
        fx, fy = x if x is not None else y, y if y is not None else x
        assert fx is not None  # `_frame` has looked
        assert fy is not None
        return Lens(width, height, (fx, fy, *(self.center or (width / 2, height / 2))), self.distortion, self.model)


def json_of(path: Path) -> dict[str, Any]:
    """A JSON file that holds a mapping.

    Raises:
        TransformsError: it holds something else. OSError: it cannot be read.
    """
    try:
        content = json.loads(content_of(path))
    except (ValueError, RecursionError) as error:  # also for a number of more digits than Python reads
        raise TransformsError(f"is not valid JSON: {_lower(str(error))}") from None
    if not isinstance(content, dict):
        raise TransformsError("is no JSON mapping")
    return content


def content_of(path: Path) -> bytes:
    """The bytes of a pose file.

    Raises:
        TransformsError: it is too large or no file. OSError: it cannot be read.
    """
    try:
        return read_file(path, LARGEST)
    except Unfit as error:
        raise TransformsError(f"cannot be read: {error.strerror}") from None


def frames_of(content: dict[str, Any]) -> tuple[list[TransformsFrame], list[float] | None]:
    """The frames in file order, and the file's `up` (3 numbers) when it states one.

    Raises:
        TransformsError: not the expected shape, a missing key, a number that is not usable, a lens model that is not
            perspective.
    """
    if not isinstance(content.get("frames"), list):
        raise TransformsError("has no list `frames`")
    if not content["frames"]:
        raise TransformsError("lists no frames")
    kept_out = {_plain(n) for key in ("test_filenames", "val_filenames") for n in _texts(content.get(key))}
    frames = [_frame(content, entry, i, kept_out) for i, entry in enumerate(content["frames"])]
    for name, times in Counter(f.name for f in frames).items():
        if times > 1:
            raise TransformsError(f"names `{name}` twice", "leave one of the frames out")
    up = content.get("up")
    if up is not None and not (isinstance(up, list) and len(up) == 3 and all(is_usable(v) for v in up)):
        raise TransformsError("has an `up` that is not three numbers")
    if up is not None and math.hypot(*up) < SMALLEST:
        raise TransformsError("has an `up` without length", "leave `up` out, or give a direction")
    return frames, up


def _frame(content: dict[str, Any], entry: Any, index: int, kept_out: set[str]) -> TransformsFrame:
    where = f"frame {index}"
    if not isinstance(entry, dict):
        raise TransformsError(f"has a {where} that is not a mapping")
    for key in ("file_path", "transform_matrix"):
        if key not in entry:
            raise TransformsError(f"has no `{key}` in {where}")
    if not isinstance(entry["file_path"], str) or not entry["file_path"]:
        raise TransformsError(f"has an empty `file_path` in {where}")
    merged = {**content, **entry}
    focal = tuple(_positive(merged, key, where, math.inf) for key in ("fl_x", "fl_y"))
    angle = tuple(_positive(merged, key, where, math.pi) for key in ("camera_angle_x", "camera_angle_y"))
    model = _model(merged, where)
    if model != PANORAMA and not any((*focal, *angle)):
        help_ = "state the focal length in pixels as `fl_x`"
        raise TransformsError(f"has neither `fl_x` nor `camera_angle_x` for {where}", help_)
    size, center = _pair(merged, "w", "h", where), _pair(merged, "cx", "cy", where)
    if size is not None and min(size) < 1:
        raise TransformsError(f"has an impossible `w` or `h` for {where}")
    name = _plain(entry["file_path"])
    beside = {key: _plain(entry[f"{key}_path"]) for key in BESIDE if isinstance(entry.get(f"{key}_path"), str)}
    return TransformsFrame(
        name=name,
        c2w=_matrix(entry["transform_matrix"], where),
        size=None if size is None else (round(size[0]), round(size[1])),
        focal=focal,  # ty: ignore[invalid-argument-type]
        angle=angle,  # ty: ignore[invalid-argument-type]
        center=center,
        distortion=tuple(
            _number(merged, key, where) or 0.0 for key in (FISHEYE_DISTORTION if model == "OPENCV_FISHEYE" else DISTORTION)
        ),
        model=model,
        held_out=bool(entry.get("held_out")) or name in kept_out,
        mask=beside.get("mask"),
        depth=beside.get("depth_file"),
        confidence=beside.get("confidence"),
    )


def _model(merged: dict[str, Any], where: str) -> str:
    """The frame's lens model as `Lens.model`. Where OpenCV divides by a polynomial of k4 to k6, nerfstudio's k4 is a
    fourth power in one (nerfstudio, camera_utils.py); only k5 and k6 tell them apart."""
    lens = "OPENCV_FISHEYE" if merged.get("is_fisheye") else merged.get("camera_model", "OPENCV")
    if lens in ("OPENCV_FISHEYE", PANORAMA):
        return lens
    if lens not in PERSPECTIVE:
        help_ = "export the photos undistorted, or with one of: OPENCV, FULL_OPENCV, OPENCV_FISHEYE, EQUIRECTANGULAR"
        raise TransformsError(f"uses the lens model `{lens}` in {where}, which is not known", help_)
    *_, k4, k5, k6 = (_number(merged, key, where) or 0.0 for key in DISTORTION)
    return POLYNOMIAL if k4 and not k5 and not k6 and lens != "FULL_OPENCV" else ""


def _plain(name: str) -> str:
    try:
        name.encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON can write
        raise TransformsError(f"has a name that is no text: {name!a}") from None
    return name.removeprefix("./")


def _texts(value: Any) -> list[str]:
    return [v for v in value if isinstance(v, str)] if isinstance(value, list) else []


def _matrix(rows: Any, where: str) -> list[list[float]]:
    shaped = isinstance(rows, list) and len(rows) in (3, 4) and all(isinstance(r, list) and len(r) == 4 for r in rows)
    if not shaped or not all(is_usable(v) for row in rows for v in row):
        raise TransformsError(f"has a `transform_matrix` that is not 4x4 numbers in {where}")
    for i in range(3):
        for j in range(i + 1):
            dot = sum(rows[k][i] * rows[k][j] for k in range(3))
            if abs(dot - (i == j)) > 0.02:
                raise TransformsError(f"has a `transform_matrix` that is not a rotation and a position in {where}")
    return [[float(v) for v in row] for row in rows[:3]] + [[0.0, 0.0, 0.0, 1.0]]


def _number(mapping: dict[str, Any], key: str, where: str) -> float | None:
    value = mapping.get(key)
    if value is None:
        return None
    if not is_usable(value):
        raise TransformsError(f"has a `{key}` that is not a number for {where}")
    return float(value)


def _positive(mapping: dict[str, Any], key: str, where: str, below: float) -> float | None:
    value = _number(mapping, key, where)
    if value is not None and not SMALLEST < value < below:
        raise TransformsError(f"has an impossible `{key}` for {where}")
    return value


def _pair(mapping: dict[str, Any], first: str, second: str, where: str) -> tuple[float, float] | None:
    a, b = _number(mapping, first, where), _number(mapping, second, where)
    if a is not None and b is not None:
        return a, b
    if a is not None or b is not None:
        there, absent = (first, second) if a is not None else (second, first)
        raise TransformsError(f"has `{there}` without `{absent}` for {where}", f"state `{absent}` as well, or neither")
    return None


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
