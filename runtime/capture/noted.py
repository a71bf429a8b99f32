"""What a phone noted in a photo of where it was and which way it hung: GPS and gravity, from Exif.

Gravity is Apple's maker note (tag 8, as ExifTool documents it) or what Mapillary's app writes as the description: the
accelerometer in the phone's axes (x right, y up, z out of the screen). Exif 2.32, section 4.6.6, has GPS.
"""

import json
import struct
import warnings
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from runtime.capture.decode import MOST_BYTES
from runtime.files import read_file

_EXIF, _MAKER, _GPS, _ORIENTATION, _DESCRIPTION = 0x8769, 0x927C, 0x8825, 0x0112, 0x010E
_TURNS = {3: [[-1, 0], [0, -1]], 6: [[0, -1], [1, 0]], 8: [[0, 1], [-1, 0]]}
"""Exif orientation -> the picture's axes (right, down) after it is turned upright, in those of the stored one."""
EARTH_M = 6_371_008.8
UNREADABLE = (
    OSError,
    ValueError,
    SyntaxError,
    KeyError,
    TypeError,
    IndexError,
    RuntimeError,
    ArithmeticError,
    EOFError,
    struct.error,
)


@dataclass(frozen=True)
class Noted:
    """`vertical` is gravity's line in the camera's axes (right, down, ahead), unit length: phones' software differs on its sign.
    `place` is latitude, longitude (degrees) and altitude (metres, 0 where none is noted)."""

    vertical: np.ndarray | None = None  # [3]
    place: np.ndarray | None = None  # [3]


def read_noted(path: Path, upright: bool) -> Noted:
    """What a photo's Exif notes; damaged Exif notes nothing. `upright`: its orientation is applied on reading."""
    from PIL import Image

    try:
        with warnings.catch_warnings(action="ignore"):
            exif, upright = _exif(read_file(path, MOST_BYTES), upright)
            vertical = _gravity(exif.get_ifd(_EXIF).get(_MAKER), exif.get(_DESCRIPTION))
            place = _place(exif.get_ifd(_GPS))
        if vertical is not None and upright and (turn := _TURNS.get(exif.get(_ORIENTATION, 1))):
            vertical = np.array([*(np.array(turn, float) @ vertical[:2]), vertical[2]])
        return Noted(vertical, place)
    except (*UNREADABLE, Image.DecompressionBombError):
        return Noted()


def _exif(content: bytes, upright: bool) -> tuple[Any, bool]:
    """Exif of a photo, and whether `decode` turns it."""
    from PIL import Image

    if content[4:8] == b"ftyp":
        import pi_heif

        exif = Image.Exif()
        exif.load(pi_heif.open_heif(content).info.get("exif") or b"")
        return exif, True
    with Image.open(BytesIO(content), formats=["JPEG", "PNG", "WEBP", "TIFF"]) as picture:
        return picture.getexif(), upright or picture.format == "TIFF"


def _gravity(note: object, description: object) -> np.ndarray | None:
    """The line of gravity in the axes (right, down, ahead) of the camera at the phone's back, whose picture lies along it."""
    noted: tuple[float, ...] | None = None
    if isinstance(note, bytes) and note[:9] == b"Apple iOS":
        order = "<" if note[12:14] == b"II" else ">"
        for i in range(min(struct.unpack_from(f"{order}H", note, 14)[0], 256)):
            tag, kind, count, start = struct.unpack_from(f"{order}HHII", note, 16 + 12 * i)
            if (tag, kind, count) == (8, 10, 3):
                parts = struct.unpack_from(f"{order}6i", note, start)
                noted = tuple(a / b for a, b in zip(parts[::2], parts[1::2], strict=True))
    elif isinstance(description, str) and "MAPAccelerometerVector" in description[:20_000]:
        found: dict[str, Any] = json.loads(description[:20_000])["MAPAccelerometerVector"]
        noted = float(found["x"]), float(found["y"]), float(found["z"])
    if noted is None:
        return None
    x, y, z = noted
    length = float(np.sqrt(x * x + y * y + z * z))
    # a phone that was shaken tells nothing
    return np.array([-y, -x, -z]) / length if 0.9 < length < 1.1 else None


def _place(gps: dict[int, Any]) -> np.ndarray | None:
    if not {1, 2, 3, 4} <= gps.keys():
        return None
    degrees = [sum(float(part) / 60**i for i, part in enumerate(gps[tag])) for tag in (2, 4)]
    signs = [-1 if str(gps[tag])[:1] in ("S", "W") else 1 for tag in (1, 3)]
    place = np.array([degrees[0] * signs[0], degrees[1] * signs[1], float(gps.get(6, 0.0))])
    return place if np.isfinite(place).all() and abs(place[0]) <= 90 and abs(place[1]) <= 180 and place[:2].any() else None


def metres(places: np.ndarray) -> np.ndarray:
    """East and north [N, 2] in metres of latitudes and longitudes [N, 3], from their middle; for places within kilometres."""
    middle = places.mean(0)
    north, east = np.radians(places[:, 0] - middle[0]), np.radians(places[:, 1] - middle[1])
    return EARTH_M * np.stack([east * np.cos(np.radians(middle[0])), north], 1)
