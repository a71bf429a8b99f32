"""What a depth map's first bytes say, for `simkiln check`: standard library only.

Sources: PNG specification 3rd edition, section 11.2.1; NEP 1 (NPY); OpenEXR file layout (openexr.com).
"""

import ast
import re
import struct
from pathlib import Path
from typing import BinaryIO

from runtime.capture.image_containers import PhotoError, read_tiff
from runtime.capture.image_header import read_header
from runtime.files import open_file

MOST_PIXELS = 2**26
MOST_HEADER = 2**16
_KIND = "is no picture of 16-bit numbers, and no NPY or EXR of one"


def check_depth(path: Path) -> None:
    """Look at the header of a depth map.

    Raises:
        PhotoError: it is no PNG or TIFF of 16 bits, NPY or EXR, cut off or of an impossible size. OSError: it cannot be read.
    """
    with open_file(path) as file:
        start = file.read(32)
        if start.startswith(b"\x93NUMPY"):
            width, height = _npy(file)
        elif start.startswith(b"\x76\x2f\x31\x01"):
            width, height = _exr(file)
        elif start[:4] in (b"II*\0", b"MM\0*"):
            found = read_tiff(file, file.seek(0, 2), floats=True)
            width, height = found.width, found.height
        elif start[:4] == b"\x89PNG" and start[24:26] == b"\x10\0":  # 16 bits, grey
            header = read_header(path)
            width, height = header.width, header.height
        else:
            raise PhotoError("is empty" if not start else _KIND)
    if not 0 < width * height <= MOST_PIXELS:
        raise PhotoError(f"has {width} by {height} pixels, none or too many")


def _npy(file: BinaryIO) -> tuple[int, int]:
    size = file.seek(0, 2)
    file.seek(6)
    wide = file.read(2)[:1] > b"\1"
    (length,) = struct.unpack("<I" if wide else "<H", _bytes(file, 4 if wide else 2))
    try:
        said = ast.literal_eval(_bytes(file, length).decode("latin-1").strip())
        (height, width), number = said["shape"], re.fullmatch(r"[<>|=]?([uif])([248])", said["descr"])
        if number is None or type(height) is not int or type(width) is not int:
            raise PhotoError(_KIND)
    except (ValueError, TypeError, KeyError, SyntaxError, MemoryError, RecursionError):
        raise PhotoError(_KIND) from None
    if file.tell() + height * width * int(number[2]) > size:
        raise PhotoError("is truncated")
    return width, height


def _exr(file: BinaryIO) -> tuple[int, int]:
    """Of the first part; the window of the data is what is decoded."""
    file.seek(8)
    head = file.read(MOST_HEADER)
    at = head.find(b"dataWindow\0box2i\0\x10\0\0\0")
    if at < 0 or at + 37 > len(head):
        raise PhotoError("is truncated or has no size")
    left, top, right, bottom = struct.unpack_from("<4i", head, at + 21)
    return right - left + 1, bottom - top + 1


def _bytes(file: BinaryIO, count: int) -> bytes:
    content = file.read(count) if count <= MOST_HEADER else b""
    if len(content) < count:
        raise PhotoError("is truncated")
    return content
