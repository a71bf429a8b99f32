"""Size and Exif of a WebP, TIFF or HEIC photo from its bytes alone, and whether all that it points to is there.

Of each the size is that of the picture as it is looked at: HEIC's rotation is part of the picture (Exif's is not applied
again), and TIFF is always read upright.
Sources: RFC 9649 (WebP), TIFF 6.0, ISO/IEC 23008-12 (HEIF), ISO/IEC 14496-12 (boxes), Exif 2.32 section 4.6.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

MOST_META = 4 * 2**20
"""Bytes of a HEIC's directory; a picture of 48 megapixels in tiles has some ten thousand."""
_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"})


class PhotoError(Exception):
    """The file is not a whole photo of a kind that is read; the text says how it is broken."""


@dataclass(frozen=True)
class Found:
    """Size in pixels and Exif tags (short and long ones, by number)."""

    width: int
    height: int
    exif: dict[int, float]


def read_webp(file: BinaryIO, size: int) -> Found:
    """Of a file that begins with `RIFF....WEBP`.

    Raises:
        PhotoError: truncated, animated, or without a picture.
    """
    file.seek(4)
    end = 8 + struct.unpack("<I", _exactly(file, 4))[0]
    if end > size:
        raise PhotoError("is truncated")
    at, found, exif = 12, None, {}
    while at + 8 <= end:
        file.seek(at)
        kind, length = struct.unpack("<4sI", _exactly(file, 8))
        if at + 8 + length > end:
            raise PhotoError("is truncated")
        if kind == b"ANIM":
            raise PhotoError("is an animation, not a photo")
        if kind == b"VP8 " and length >= 10:
            width, height = struct.unpack("<6x2H", _exactly(file, 10))
            found = width & 0x3FFF, height & 0x3FFF
        elif kind == b"VP8L" and length >= 5:
            bits = struct.unpack("<xI", _exactly(file, 5))[0]
            found = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        elif kind == b"EXIF":
            exif = read_exif(file.read(min(length, 2**20)).removeprefix(b"Exif\0\0"))
        at += 8 + length + length % 2
    if found is None:
        raise PhotoError("has no pixels")
    return Found(*found, exif)


def read_tiff(file: BinaryIO, size: int, floats: bool = False) -> Found:
    """Of a file that begins as a TIFF does; the first picture counts. `floats`: it may hold such numbers, as depth maps do.

    Raises:
        PhotoError: truncated, a BigTIFF, of floating-point numbers, or without a picture.
    """
    file.seek(0)
    head = _exactly(file, 8)
    order = "<" if head[:2] == b"II" else ">"
    magic, at = struct.unpack(order + "2xHI", head)
    if magic != 42:
        raise PhotoError("is a BigTIFF, which is not read")
    file.seek(at)
    count = struct.unpack(order + "H", _exactly(file, 2))[0]
    lists: dict[int, tuple[int, ...]] = {}
    for entry in struct.iter_unpack(order + "HHI4s", _exactly(file, 12 * count)):
        lists[entry[0]] = _values(file, order, *entry[1:])
    if not floats and any(kind == 3 for kind in lists.get(339, ())):  # SampleFormat
        raise PhotoError("holds floating-point numbers, not a photo")
    starts, lengths = lists.get(273) or lists.get(324), lists.get(279) or lists.get(325)
    if not starts or not lengths or len(starts) != len(lengths):
        raise PhotoError("has no pixels")
    if any(start + length > size for start, length in zip(starts, lengths, strict=True)):
        raise PhotoError("is truncated")
    width, height, turned = (lists.get(tag, (1,))[0] if lists.get(tag) else 0 for tag in (256, 257, 274))
    file.seek(0)
    exif = read_exif(file.read(2**20))
    exif.pop(0x0112, None)  # the picture is read upright
    return Found(height, width, exif) if turned >= 5 else Found(width, height, exif)


def read_heif(file: BinaryIO, size: int) -> Found:
    """Of a file whose first box is `ftyp`.

    Raises:
        PhotoError: another kind of file in boxes (as a video is), truncated, or without a picture.
    """
    boxes = {kind: (at, length) for kind, at, length in _boxes(file, 0, size)}
    at, length = boxes.get(b"ftyp", (0, 0))
    file.seek(at)
    brands = file.read(min(length, 256))
    if not {brands[i : i + 4] for i in range(0, len(brands), 4)} & _HEIF_BRANDS:
        raise PhotoError("is no HEIC photo" if b"avif" not in brands else "is an AVIF, which is not read: save it as PNG or JPEG")
    if b"meta" not in boxes:
        raise PhotoError("is truncated" if b"mdat" not in boxes else "has no pixels")
    at, length = boxes[b"meta"]
    if length > MOST_META:
        raise PhotoError("has a directory of impossible size")
    file.seek(at)
    try:
        return _heif_items(file, _exactly(file, length), size)
    except (struct.error, IndexError):
        raise PhotoError("has a damaged HEIC header") from None


def check_video(file: BinaryIO, size: int) -> None:
    """Whether an MP4 or MOV is whole; other kinds of video are only told from nothing at all.

    Raises:
        PhotoError: it is empty, cut off, or was never finished.
    """
    file.seek(0)
    start = file.read(12)
    if not start:
        raise PhotoError("is empty")
    if start[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free") and b"moov" not in {
        kind for kind, *_ in _boxes(file, 0, size)
    }:
        raise PhotoError("has no index (`moov`): recording was cut off")


def _heif_items(file: BinaryIO, meta: bytes, size: int) -> Found:
    parts = dict(_inner(meta, 4))
    wide = parts[b"pitm"][0] if b"pitm" in parts else 0
    primary = struct.unpack_from(">I" if wide else ">H", parts.get(b"pitm", b""), 4)[0]
    places = _locations(parts.get(b"iloc", b""))
    if any(start + length > size for extents in places.values() for start, length in extents):
        raise PhotoError("is truncated")
    boxes = dict(_inner(parts.get(b"iprp", b"")))
    properties = list(_inner(boxes.get(b"ipco", b"")))
    width = height = turned = 0
    for number in _associated(boxes.get(b"ipma", b""), primary):
        kind, body = properties[number - 1]
        if kind == b"ispe":
            width, height = struct.unpack_from(">4xII", body)
        elif kind == b"irot":
            turned = body[0] & 1
    exif: dict[int, float] = {}
    for item in _exif_items(parts.get(b"iinf", b"")):
        for start, length in places.get(item, [])[:1]:
            file.seek(start)
            body = file.read(min(length, 2**20))
            exif = read_exif(body[4 + struct.unpack_from(">I", body)[0] :])
    exif.pop(0x0112, None)  # `irot` and `imir` say how it is looked at
    return Found(height, width, exif) if turned else Found(width, height, exif)


def _locations(iloc: bytes) -> dict[int, list[tuple[int, int]]]:
    """Item -> (start, length) in the file, of items that lie in it as a whole."""
    version = iloc[0]
    sizes, more = iloc[4], iloc[5]
    widths = {0: "", 4: "I", 8: "Q"}
    offset, length, base = widths[sizes >> 4], widths[sizes & 15], widths[more >> 4]
    index = widths[more & 15] if version else ""
    id_form = "I" if version == 2 else "H"
    (count,) = struct.unpack_from(">" + id_form, iloc, 6)
    at = 6 + struct.calcsize(id_form)
    found: dict[int, list[tuple[int, int]]] = {}
    for _ in range(count):
        head = struct.Struct(">" + id_form + ("H" if version else "") + "H" + base + "H")
        item, *rest = head.unpack_from(iloc, at)
        at += head.size
        method = rest[0] & 15 if version else 0
        begin, extents = (rest[-2] if base else 0), rest[-1]
        for _ in range(extents):
            extent = struct.Struct(">" + index + offset + length)
            numbers = list(extent.unpack_from(iloc, at))[1 if index else 0 :]
            at += extent.size
            if method == 0:
                found.setdefault(item, []).append((begin + (numbers[0] if offset else 0), numbers[-1] if length else 0))
    return found


def _associated(ipma: bytes, item: int) -> list[int]:
    """Numbers (from 1) of an item's properties."""
    if not ipma:
        return []
    id_form, wide = "I" if ipma[0] else "H", ipma[3] & 1
    (count,) = struct.unpack_from(">I", ipma, 4)
    at = 8
    for _ in range(count):
        number, several = struct.unpack_from(">" + id_form + "B", ipma, at)
        at += struct.calcsize(">" + id_form + "B")
        raw = struct.unpack_from(f">{several}{'H' if wide else 'B'}", ipma, at)
        at += several * (2 if wide else 1)
        if number == item:
            return [n & (0x7FFF if wide else 0x7F) for n in raw if n & (0x7FFF if wide else 0x7F)]
    return []


def _exif_items(iinf: bytes) -> list[int]:
    found = []
    for kind, body in _inner(iinf, 4 + (4 if iinf and iinf[0] else 2)):
        if kind == b"infe" and body[0] >= 2:
            item, name = struct.unpack_from(">4xI2x4s" if body[0] == 3 else ">4xH2x4s", body)
            if name == b"Exif":
                found.append(item)
    return found


def _boxes(file: BinaryIO, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """(kind, start and length of the content) of the boxes at the top of a file."""
    for _ in range(256):
        if at + 8 > end:
            return
        file.seek(at)
        length, kind = struct.unpack(">I4s", _exactly(file, 8))
        head = 8
        if length == 1:
            length, head = struct.unpack(">Q", _exactly(file, 8))[0], 16
        length = length or end - at
        if length < head or at + length > end:
            raise PhotoError("is truncated")
        yield kind, at + head, length - head
        at += length


def _inner(content: bytes, at: int = 0) -> Iterator[tuple[bytes, bytes]]:
    while at + 8 <= len(content):
        length, kind = struct.unpack_from(">I4s", content, at)
        if length < 8 or at + length > len(content):
            raise struct.error
        yield kind, content[at + 8 : at + length]
        at += length


def _values(file: BinaryIO, order: str, kind: int, count: int, field: bytes) -> tuple[int, ...]:
    """Whole numbers of a TIFF entry; none for other types, or for more than a photo can have."""
    form = {3: "H", 4: "I"}.get(kind)
    if form is None or count > 2**20:
        return ()
    content = field
    if struct.calcsize(form) * count > 4:
        file.seek(struct.unpack(order + "I", field)[0])
        content = _exactly(file, struct.calcsize(form) * count)
    return struct.unpack_from(f"{order}{count}{form}", content)


def _exactly(file: BinaryIO, count: int) -> bytes:
    content = file.read(count)
    if len(content) < count:
        raise PhotoError("is truncated")
    return content


def read_exif(tiff: bytes) -> dict[int, float]:
    """Short and long tags of the first directory and the Exif directory; damaged Exif says nothing."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    found: dict[int, float] = {}
    if order is None:
        return found
    try:
        pending = [struct.unpack(order + "I", tiff[4:8])[0]]
        while pending and len(found) < 512:
            at = pending.pop()
            for entry in range(struct.unpack(order + "H", tiff[at : at + 2])[0]):
                start = at + 2 + 12 * entry
                tag, kind, count = struct.unpack(order + "HHI", tiff[start : start + 8])
                if count != 1 or kind not in (3, 4):
                    continue
                field = tiff[start + 8 : start + 12]
                value = struct.unpack(order + ("HH" if kind == 3 else "I"), field)[0]
                if tag == 0x8769 and tag not in found:
                    pending.append(value)
                found[tag] = float(value)
    except struct.error:
        return {}
    return found
