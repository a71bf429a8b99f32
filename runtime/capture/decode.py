"""Photos of any kind that is read to arrays: OpenCV where it can, Pillow for TIFF, libheif for HEIC."""

from pathlib import Path

import cv2
import numpy as np

from runtime.capture.image_header import MOST_PIXELS
from runtime.files import read_file

MOST_BYTES = 2**30
"""Of one photo."""


def decode(path: Path) -> np.ndarray | None:
    """A photo as cv2 has it: [H, W, 3] uint8 in BGR order, or [H, W, 4] with alpha last; None where it cannot be decoded.

    Pixels lie as `image_header.read_header` says their size: TIFF and HEIC upright, others as they are stored. 16 bits a
    channel are reduced to 8.
    """
    content = read_file(path, MOST_BYTES)
    if content[4:8] == b"ftyp":
        return _heic(content)
    if content[:2] in (b"II", b"MM"):
        return _tiff(content)
    raw = np.frombuffer(content, np.uint8)
    try:
        photo = cv2.imdecode(raw, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
        if photo is None or not _may_be_transparent(content):
            return photo
        whole = cv2.imdecode(raw, cv2.IMREAD_UNCHANGED)
    except cv2.error:
        return None
    if whole is None or whole.ndim < 3 or whole.shape[2] != 4:
        return photo
    alpha = whole[..., 3] if whole.dtype == np.uint8 else (whole[..., 3] // 256).astype(np.uint8)
    return np.dstack([photo, alpha])


def _may_be_transparent(content: bytes) -> bool:
    """Whether a PNG or WebP says that it has an alpha channel, or a transparent colour."""
    if content[:4] == b"RIFF":
        return True
    return content[1:4] == b"PNG" and (content[25] in (4, 6) or b"tRNS" in content[: content.find(b"IDAT")])


def _heic(content: bytes) -> np.ndarray | None:
    import pi_heif

    try:
        photo = pi_heif.open_heif(content, convert_hdr_to_8bit=True)
        if photo.size[0] * photo.size[1] > MOST_PIXELS:
            return None
        return cv2.cvtColor(np.asarray(photo.to_pillow().convert("RGB")), cv2.COLOR_RGB2BGR)
    except (ValueError, RuntimeError, OSError, SyntaxError, EOFError, IndexError):
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
            if turned.mode in ("RGBA", "LA", "PA"):
                return cv2.cvtColor(np.asarray(turned.convert("RGBA")), cv2.COLOR_RGBA2BGRA)
            return cv2.cvtColor(np.asarray(turned.convert("RGB")), cv2.COLOR_RGB2BGR)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
