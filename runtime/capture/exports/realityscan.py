"""RealityScan (before: RealityCapture): "Internal/External camera parameters" as CSV, or an XMP beside each photo.

Of the CSV: `x, y, alt` is the position, heading, pitch and roll (degrees) are those of a camera that looks down, in OpenGL axes
Rz(-heading) Rx(pitch) Ry(roll); of the XMP: `Rotation` is world-to-camera in OpenCV axes, row by row, `Position` the camera's.
Of both: the focal length is for a sensor whose longer side has 36 mm, the principal point an offset from the middle in
longer sides of the photo; k1 to k3 and t1, t2 are Brown's and act on coordinates over the focal length, as OpenCV's do.
Source: Epic Games, "Camera Geometry in RealityScan" and "RealityCapture XMP Camera Math"; nerfstudio,
process_data/realitycapture_utils.py; github.com/ArthurBrussee/brush, its dataset reader of this CSV.
"""

import csv
import math
import os
from pathlib import Path
from typing import Any

from runtime.capture.exports.said import Said, number, numbers, pose, product, transposed, xml_of
from runtime.capture.files import is_inside, list_photos, photo_path
from runtime.capture.image_containers import PhotoError
from runtime.capture.image_header import read_header
from runtime.capture.transforms_file import TransformsError, content_of

NEEDED = ("name", "x", "y", "alt", "heading", "pitch", "roll", "f")
FILM_MM = 36.0


def read_csv(path: Path, images: str) -> Said:
    """The rows of a CSV whose first line names the columns; `images` is the folder of the photos, beside the file.

    Raises:
        TransformsError: another CSV, or a number that is none. OSError: it cannot be read.
    """
    try:
        lines = content_of(path).decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise TransformsError("is not UTF-8") from None
    first = next((i for i, line in enumerate(lines) if line.lower().startswith("#name,")), None)
    if first is None:
        raise TransformsError("has no line `#name,x,y,alt,heading,pitch,roll,f,...`")
    columns = [c.strip().lower() for c in lines[first].removeprefix("#").split(",")]
    if lacking := [c for c in NEEDED if c not in columns]:
        raise TransformsError(f"has no column `{lacking[0]}`")
    frames = []
    for row in _rows(lines[first + 1 :]):
        if not row or row[0].startswith("#"):
            continue
        said = dict(zip(columns, row, strict=False))
        name = said["name"]
        heading, pitch, roll = (math.radians(_cell(said, c, name)) for c in ("heading", "pitch", "roll"))
        turn = product(product(_turned(2, -heading), _turned(0, pitch)), _turned(1, roll))
        found = {
            "file_path": f"{images}/{name}",
            "transform_matrix": pose(turn, [_cell(said, c, name) for c in ("x", "y", "alt")], False),
        }
        tail = [_cell(said, c, name, 0.0) for c in ("k1", "k2", "k3", "k4", "t1", "t2")]
        frames.append(found | _lens(path.parent / images, name, _cell(said, "f", name), _offset(said, name), tail))
    return Said({"frames": frames, "up": [0.0, 0.0, 1.0]}, path.parent, (path,))


def _rows(lines: list[str]) -> list[list[str]]:
    try:
        return list(csv.reader(lines))
    except csv.Error as error:  # a cell of more than 128 KiB
        raise TransformsError(f"is not valid CSV: {error}") from None


def read_xmps(folder: Path, images: str) -> Said:
    """The XMP beside each photo of a folder; photos without one were not registered.

    Raises:
        TransformsError: there is none, or one lacks a number. OSError: something cannot be read.
    """
    pairs = [(name, folder / images / f"{os.path.splitext(name)[0]}.xmp") for name in list_photos(folder / images)]
    frames, used = [], []
    for name, path in pairs:
        if not os.path.isfile(path):
            continue
        said: dict[str, str] = {}
        for element in xml_of(path).iter():
            for key, text in (*element.attrib.items(), (element.tag, element.text or "")):
                said.setdefault(key.rpartition("}")[2], text)
        rotation = numbers(said.get("Rotation"), 9, f"`Rotation` in `{path.name}`")
        at = numbers(said.get("Position"), 3, f"`Position` in `{path.name}`")
        tail = numbers(said.get("DistortionCoeficients", "0 0 0 0 0 0"), 6, f"`DistortionCoeficients` in `{path.name}`")
        center = [number(said.get(f"PrincipalPoint{c}", 0.0), f"`PrincipalPoint{c}` in `{path.name}`") for c in "UV"]
        focal = number(said.get("FocalLength35mm"), f"`FocalLength35mm` in `{path.name}`")
        matrix = pose(transposed([rotation[3 * i : 3 * i + 3] for i in range(3)]), at, opencv=True)
        frames.append(
            {"file_path": f"{images}/{name}", "transform_matrix": matrix} | _lens(folder / images, name, focal, center, tail)
        )
        used.append(path)
    if not frames:
        raise TransformsError(f"has neither a CSV of cameras nor XMP files beside the photos in `{images}`")
    return Said({"frames": frames, "up": [0.0, 0.0, 1.0]}, folder, tuple(used))


def _lens(folder: Path, name: str, focal_mm: float, center: list[float], tail: list[float]) -> dict[str, Any]:
    k1, k2, k3, k4, t1, t2 = tail
    path = photo_path(folder, name) if is_inside(name) else None
    if path is None:
        return {"fl_x": 1.0}  # said as an absent photo
    try:
        header = read_header(path)
    except PhotoError:
        return {"fl_x": 1.0}  # said as a photo that cannot be read
    width, height = header.width, header.height
    longer = max(width, height)
    return {
        **{"w": width, "h": height, "fl_x": focal_mm / FILM_MM * longer},
        **{"cx": width / 2 + center[0] * longer, "cy": height / 2 + center[1] * longer},
        **{"k1": k1, "k2": k2, "k3": k3, "k4": k4, "p1": t1, "p2": t2},
    }


def _cell(said: dict[str, str], column: str, name: str, absent: float | None = None) -> float:
    return absent if absent is not None and column not in said else number(said.get(column), f"`{column}` of `{name}`")


def _offset(said: dict[str, str], name: str) -> list[float]:
    return [_cell(said, column, name, 0.0) for column in ("px", "py")]


def _turned(axis: int, angle: float) -> list[list[float]]:
    """The right-handed rotation about an axis."""
    a, b = (axis + 1) % 3, (axis + 2) % 3
    turn = [[float(i == j) for j in range(3)] for i in range(3)]
    turn[a][a] = turn[b][b] = math.cos(angle)
    turn[b][a], turn[a][b] = math.sin(angle), -math.sin(angle)
    return turn
