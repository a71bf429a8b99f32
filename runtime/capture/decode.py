"""Photos of any kind that is read to arrays: OpenCV where it can, Pillow for TIFF, libheif for HEIC."""

from pathlib import Path

import cv2
import numpy as np

from runtime.files import read_file

MOST_BYTES = 2**30
"""Of one photo."""


def decode(path: Path, upright: bool) -> np.ndarray | None:
    """A photo as cv2 has it: [H, W] or [H, W, 3 or 4] uint8, in BGR order; None where it cannot be decoded.

    With `upright` a JPEG's, PNG's or WebP's Exif orientation is applied; TIFF and HEIC are upright always, as
    `image_header.read_header` says their size. 16 bits a channel are reduced to 8.
    """
    content = read_file(path, MOST_BYTES)
    if content[4:8] == b"ftyp":
        return _heic(content)
    if content[:2] in (b"II", b"MM"):
        return _tiff(content)
    turned = 0 if upright else cv2.IMREAD_IGNORE_ORIENTATION
    try:
        return cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR | turned)
    except cv2.error:
        return None


def _heic(content: bytes) -> np.ndarray | None:
    import pi_heif

    try:
        photo = pi_heif.open_heif(content, convert_hdr_to_8bit=True)
        return cv2.cvtColor(np.asarray(photo.to_pillow().convert("RGB")), cv2.COLOR_RGB2BGR)
    except (ValueError, RuntimeError, OSError, SyntaxError, EOFError):
        return None


def _tiff(content: bytes) -> np.ndarray | None:
    # OpenCV 4.13 fails where the picture is turned by 90 degrees, and cannot be told to leave it as it is
    from io import BytesIO

    from PIL import Image, ImageOps

    try:
        with Image.open(BytesIO(content), formats=["TIFF"]) as picture:
            picture.load()
            turned = ImageOps.exif_transpose(picture)
            if turned.mode.startswith("I"):
                return cv2.cvtColor((np.asarray(turned) >> 8).astype(np.uint8), cv2.COLOR_GRAY2BGR)
            return cv2.cvtColor(np.asarray(turned.convert("RGB")), cv2.COLOR_RGB2BGR)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
