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

from runtime.files import Unfit, read_file

DISTORTION = ("k1", "k2", "p1", "p2")
OTHER_DISTORTION = ("k3", "k4", "k5", "k6")
BESIDE = ("mask", "depth_file", "confidence")
LARGEST = 64 * 2**20
"""Bytes of a pose file; a thousand frames have one million."""


class TransformsError(Exception):
    """The file is not a usable `transforms.json`; the text says what is wrong."""


@dataclass(frozen=True)
class TransformsFrame:
    """One photo: its name as written, OpenGL camera-to-world rows, (fx, fy, cx, cy) or None, (k1, k2, p1, p2)."""

    name: str
    c2w: list[list[float]]
    size: tuple[float, float] | None
    focal: tuple[float, float] | None
    angle_x: float | None
    center: tuple[float, float] | None
    distortion: tuple[float, ...]
    held_out: bool = False
    mask: str | None = None  # names, as that of the photo
    depth: str | None = None
    confidence: str | None = None

    def intrinsics(self, width: int, height: int) -> tuple[float, float, float, float]:
        """(fx, fy, cx, cy) in pixels of a photo of that size, scaled when the file speaks of another size."""
        w, h = self.size or (width, height)
        sx, sy = width / w, height / h
        cx, cy = self.center or (w / 2, h / 2)
        if self.focal is None:
            focal = 0.5 * width / math.tan(0.5 * float(self.angle_x or 1.0))
            return focal, focal, cx * sx, cy * sy
        return self.focal[0] * sx, self.focal[1] * sy, cx * sx, cy * sy


def json_of(path: Path) -> dict[str, Any]:
    """A JSON file that holds a mapping.

    Raises:
        TransformsError: it holds something else. OSError: it cannot be read.
    """
    try:
        content = json.loads(content_of(path))
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
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
        TransformsError: not the expected shape, a missing key, a number that is not finite, a lens model that is not
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
            raise TransformsError(f"names `{name}` twice")
    up = content.get("up")
    if up is not None and not (isinstance(up, list) and len(up) == 3 and all(_finite(v) for v in up)):
        raise TransformsError("has an `up` that is not three numbers")
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
    lens = merged.get("camera_model", "OPENCV")
    if lens not in ("OPENCV", "PINHOLE", "SIMPLE_PINHOLE", "SIMPLE_RADIAL", "RADIAL", "PERSPECTIVE"):
        raise TransformsError(f"uses the lens model `{lens}` in {where}, which is not a perspective one")
    if merged.get("is_fisheye"):
        raise TransformsError(f"has a fisheye lens in {where}, which is not a perspective one")
    if any(_number(merged, key, where) not in (None, 0.0) for key in OTHER_DISTORTION):
        raise TransformsError(f"has distortion beyond k1, k2, p1, p2 in {where}")
    fx, angle = _number(merged, "fl_x", where), _number(merged, "camera_angle_x", where)
    if fx is None and angle is None:
        raise TransformsError(f"has neither `fl_x` nor `camera_angle_x` for {where}")
    if (fx is not None and fx <= 0) or (fx is None and angle is not None and not 0 < angle < math.pi):
        raise TransformsError(f"has an impossible focal length for {where}")
    fy = _number(merged, "fl_y", where)
    size, center = _pair(merged, "w", "h", where), _pair(merged, "cx", "cy", where)
    if size is not None and min(size) <= 0:
        raise TransformsError(f"has an impossible `w` or `h` for {where}")
    name = _plain(entry["file_path"])
    beside = {key: _plain(entry[f"{key}_path"]) for key in BESIDE if isinstance(entry.get(f"{key}_path"), str)}
    return TransformsFrame(
        name=name,
        c2w=_matrix(entry["transform_matrix"], where),
        size=size,
        focal=None if fx is None else (fx, fx if fy is None else fy),
        angle_x=angle,
        center=center,
        distortion=tuple(_number(merged, key, where) or 0.0 for key in DISTORTION),
        held_out=bool(entry.get("held_out")) or name in kept_out,
        mask=beside.get("mask"),
        depth=beside.get("depth_file"),
        confidence=beside.get("confidence"),
    )


def _plain(name: str) -> str:
    return name.removeprefix("./")


def _texts(value: Any) -> list[str]:
    return [v for v in value if isinstance(v, str)] if isinstance(value, list) else []


def _matrix(rows: Any, where: str) -> list[list[float]]:
    shaped = isinstance(rows, list) and len(rows) in (3, 4) and all(isinstance(r, list) and len(r) == 4 for r in rows)
    if not shaped or not all(_finite(v) for row in rows for v in row):
        raise TransformsError(f"has a `transform_matrix` that is not 4x4 numbers in {where}")
    for i in range(3):
        for j in range(i + 1):
            dot = sum(rows[k][i] * rows[k][j] for k in range(3))
            if abs(dot - (i == j)) > 0.02:
                raise TransformsError(f"has a `transform_matrix` that is not a rotation and a position in {where}")
    return [[float(v) for v in row] for row in rows[:3]] + [[0.0, 0.0, 0.0, 1.0]]


def _finite(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _number(mapping: dict[str, Any], key: str, where: str) -> float | None:
    value = mapping.get(key)
    if value is None:
        return None
    if not _finite(value):
        raise TransformsError(f"has a `{key}` that is not a number for {where}")
    return float(value)


def _pair(mapping: dict[str, Any], first: str, second: str, where: str) -> tuple[float, float] | None:
    a, b = _number(mapping, first, where), _number(mapping, second, where)
    return None if a is None or b is None else (a, b)


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
