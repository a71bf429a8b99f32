"""Size, orientation and completeness of a photo from its bytes alone, without an image library.

`simkiln check` looks at every photo of a capture where only the standard library is installed.
Sources: PNG specification 3rd edition, section 5; ITU-T T.81 annex B; Exif 2.32 section 4.6.
"""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from runtime.capture.image_containers import PhotoError, read_exif, read_heif, read_tiff, read_webp
from runtime.files import open_file

PHOTO_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".heic", ".heif")
MOST_PIXELS = 2**28
"""Of one photo: 268 megapixels, more than any camera has; a file of a few bytes may claim more."""

_PNG = b"\x89PNG\r\n\x1a\n"
_SOF = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_STANDALONE = frozenset(range(0xD0, 0xD8)) | {0x01}


@dataclass(frozen=True)
class PhotoHeader:
    """What the header says: pixel size as stored, Exif orientation (1 upright), 35 mm equivalent focal length or 0."""

    width: int
    height: int
    orientation: int = 1
    focal_35mm: float = 0.0

    def upright_size(self) -> tuple[int, int]:
        """(width, height) after the Exif orientation is applied."""
        return (self.height, self.width) if self.orientation >= 5 else (self.width, self.height)


def read_header(path: Path) -> PhotoHeader:
    """Read the header of a photo and check that the file reaches its end marker.

    Raises:
        PhotoError: not a PNG, JPEG, WebP, TIFF or HEIC, truncated, without a size or of an impossible one.
        OSError: the file cannot be opened.
    """
    with open_file(path) as file:
        start = file.read(12)
        size = file.seek(0, 2)
        file.seek(2)
        if start[:8] == _PNG:
            return _png(file)
        if start[:2] == b"\xff\xd8":
            return _jpeg(file, size)
        if start[:4] == b"RIFF" and start[8:] == b"WEBP":
            found = read_webp(file, size)
        elif start[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
            found = read_tiff(file, size)
        elif start[4:8] == b"ftyp":
            found = read_heif(file, size)
        else:
            raise PhotoError("is empty" if not start else "is none of PNG, JPEG, WebP, TIFF and HEIC")
    return _checked(found.width, found.height, found.exif)


def _png(file: BinaryIO) -> PhotoHeader:
    width = height = 0
    size = file.seek(0, 2)
    at = 8
    while True:
        file.seek(at)
        head = file.read(8)
        if len(head) < 8:
            raise PhotoError("is truncated")
        length, kind = struct.unpack(">I4s", head)
        if at + 12 + length > size:
            raise PhotoError("is truncated")
        if kind == b"IHDR" and length >= 8:
            width, height = struct.unpack(">II", file.read(8))
        if kind == b"IEND":
            break
        at += 12 + length
    return _checked(width, height, {})


def _jpeg(file: BinaryIO, size: int) -> PhotoHeader:
    width = height = 0
    exif: dict[int, float] = {}
    while True:
        byte = file.read(1)
        if not byte:
            raise PhotoError("is truncated")
        if byte != b"\xff":
            raise PhotoError("has a damaged JPEG header")
        marker = 0xFF
        while marker == 0xFF:  # fill bytes may precede a marker
            following = file.read(1)
            if not following:
                raise PhotoError("is truncated")
            marker = following[0]
        if marker in _STANDALONE:
            continue
        if marker == 0xD9:
            raise PhotoError("has no pixels")
        prefix = file.read(2)
        if len(prefix) < 2:
            raise PhotoError("is truncated")
        length = struct.unpack(">H", prefix)[0] - 2
        body = file.read(max(length, 0)) if marker == 0xE1 or marker in _SOF else b""
        if marker in _SOF and len(body) >= 5:
            height, width = struct.unpack(">HH", body[1:5])
        elif marker == 0xE1 and body[:6] == b"Exif\0\0":
            exif = exif or read_exif(body[6:])
        elif marker == 0xDA:
            break
        if not body:
            file.seek(max(length, 0), 1)
    # Some writers pad behind the end marker, so look for it in the last stretch rather than at the very end.
    file.seek(max(0, size - 4096))
    if b"\xff\xd9" not in file.read():
        raise PhotoError("is truncated")
    return _checked(width, height, exif)


def _checked(width: int, height: int, exif: dict[int, float]) -> PhotoHeader:
    if width == 0 or height == 0:
        raise PhotoError("does not say its size")
    if width * height > MOST_PIXELS:
        raise PhotoError(f"claims {width * height / 1e6:,.0f} megapixels, more than {MOST_PIXELS / 1e6:.0f}")
    orientation = int(exif.get(0x0112, 1))
    return PhotoHeader(width, height, orientation if 1 <= orientation <= 8 else 1, exif.get(0xA405, 0.0))
