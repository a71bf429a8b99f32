"""A HEIC photo made box by box as ISO/IEC 23008-12 says, for there is no encoder of them among our libraries."""

import io
import struct
from typing import cast

import av
import numpy as np


def heic(photo: np.ndarray, rotations: int = 0, exif: bytes = b"") -> bytes:
    """One HEVC picture ([H, W, 3] uint8 RGB, even sizes of at least 64) that is turned anticlockwise by `rotations` * 90
    degrees to be looked at; `exif` begins as a TIFF does."""
    stream = io.BytesIO()
    with av.open(stream, "w", format="mp4") as out:
        options = {"crf": "4", "x265-params": "keyint=1:log-level=none"}
        track = cast(av.VideoStream, out.add_stream("libx265", rate=1, options=options))
        track.height, track.width = photo.shape[:2]
        track.pix_fmt = "yuv420p"
        for packet in [*track.encode(av.VideoFrame.from_ndarray(photo, "rgb24")), *track.encode(None)]:
            out.mux(packet)
    with av.open(io.BytesIO(stream.getvalue()), "r") as made:
        hvcc = made.streams.video[0].codec_context.extradata or b""
        coded = bytes(next(p for p in made.demux(video=0) if p.size))
    height, width = photo.shape[:2]
    properties = [_full(b"ispe", struct.pack(">II", width, height)), _box(b"hvcC", hvcc)]
    properties += [_box(b"irot", bytes([rotations]))] if rotations else []
    items = [(1, b"hvc1", coded)] + ([(2, b"Exif", struct.pack(">I", 0) + exif)] if exif else [])
    ftyp = _box(b"ftyp", b"heic" + struct.pack(">I", 0) + b"mif1heic")
    numbers = bytes(range(1, len(properties) + 1))
    ipma = _full(b"ipma", struct.pack(">IHB", 1, 1, len(numbers)) + numbers)
    cdsc = _full(b"iref", _box(b"cdsc", struct.pack(">HHH", 2, 1, 1))) if exif else b""

    def meta(starts: list[int]) -> bytes:
        entries = b"".join(
            struct.pack(">HHHII", n, 0, 1, start, len(data)) for (n, _, data), start in zip(items, starts, strict=True)
        )
        infos = b"".join(_full(b"infe", struct.pack(">HH4sx", n, 0, kind), version=2) for n, kind, _ in items)
        return _full(
            b"meta",
            _full(b"hdlr", struct.pack(">I4s12xx", 0, b"pict"))
            + _full(b"pitm", struct.pack(">H", 1))
            + _full(b"iloc", b"\x44\x00" + struct.pack(">H", len(items)) + entries)
            + _full(b"iinf", struct.pack(">H", len(items)) + infos)
            + _box(b"iprp", _box(b"ipco", b"".join(properties)) + ipma)
            + cdsc,
        )

    begin = len(ftyp) + len(meta([0] * len(items))) + 8
    starts = [begin + sum(len(data) for *_, data in items[:i]) for i in range(len(items))]
    return ftyp + meta(starts) + _box(b"mdat", b"".join(data for *_, data in items))


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def _full(kind: bytes, content: bytes, version: int = 0) -> bytes:
    return _box(kind, bytes([version, 0, 0, 0]) + content)
